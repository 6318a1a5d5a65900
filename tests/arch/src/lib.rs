//! tests/arch
