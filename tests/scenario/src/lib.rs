//! tests/scenario
