//! What SQL sees: thin, no logic.
