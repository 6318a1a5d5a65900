//! The fold over the shipped packs and over a small one in which every effect is used.

mod clocks;
mod hotline;
mod stated;
mod support;
mod trial;
