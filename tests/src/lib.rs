//! Shared parts of the client-side tests.
