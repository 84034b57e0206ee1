"""ranx without what it imports for tables, pictures, files and downloads, none of which is used here.

Import this before ranx: in the place of those packages stand objects that take everything, so that
requirements.txt need not have them and what they would pull in besides, half a hundred packages.
"""

import sys
import unittest.mock
import warnings

LEFT_OUT = (
    "cbor2 ir_datasets lz4 lz4.frame matplotlib matplotlib.pyplot orjson pandas requests rich rich.console "
    "rich.progress rich.table seaborn tabulate tqdm yaml"
)

for name in LEFT_OUT.split():
    sys.modules[name] = unittest.mock.MagicMock()

# Of numba, about what ranx asks of it.
warnings.filterwarnings("ignore")
