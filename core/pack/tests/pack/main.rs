//! Packs as authors write them: read, checked, locked; what is said of each slip; those that are shipped.

mod checking;
mod formulas;
mod hostile;
mod reading;
mod shipped;
mod signing;
mod support;
mod together;
mod trial;
mod versions;
