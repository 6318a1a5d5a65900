//! tests/city
