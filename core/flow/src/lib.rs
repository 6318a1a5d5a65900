//! shenhai-flow
