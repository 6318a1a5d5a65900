//! bindings/web
