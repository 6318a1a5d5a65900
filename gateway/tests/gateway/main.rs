//! The gateway over real HTTP, with the city's systems stood in for.

#![allow(
    clippy::disallowed_methods,
    reason = "the gateway under test is a real server: some tests turn its clock by what really passes"
)]

mod access;
mod anchor;
mod bad_ingest;
mod bad_push;
mod bad_sign_in;
mod city;
mod devices;
mod door;
mod entries;
mod feedback;
mod field;
mod idempotency;
mod keys;
mod leaving;
mod life_cycle;
mod linked;
mod lists;
mod operations;
mod outside_chain;
mod packs;
mod pages;
mod proof;
mod records;
mod restore;
mod security_gateway;
mod signing_fault;
mod stage;
mod thread;
