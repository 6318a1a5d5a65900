//! bindings/harmony
