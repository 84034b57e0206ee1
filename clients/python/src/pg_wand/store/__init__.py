"""The table behind the stores for LangChain and LlamaIndex."""

from .conditions import Conditions
from .search import Found, Fusion, Question
from .table import Row, WandTable

__all__ = ["Conditions", "Found", "Fusion", "Question", "Row", "WandTable"]
