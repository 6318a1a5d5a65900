//! bindings/uniffi
