//! What is known of each method besides its types, and the table that says it.
//!
//! The lock, the dispatcher and the pages read it from here alone. Not here: what a locked core answers (`lock`).

/// What has to be open for a method to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Answered by a locked core: says nothing of what is kept.
    Nothing,
    /// The data.
    Open,
    /// The data and the lease: it would show an order, a draft or the content of a command.
    Lease,
}

/// What is known of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// What has to be open.
    pub needs: Needs,
    /// A person made it: the time without use, after which the data is shut, counts from it.
    pub is_use: bool,
    /// Whether it may be asked again when nobody knows whether it was done: it says a whole value or only looks.
    pub repeatable: bool,
}

impl Facts {
    /// Of a method of which nothing is said: shut unless everything is open, no sign of a person, never asked twice.
    pub const SHUT: Self = Self {
        needs: Needs::Lease,
        is_use: false,
        repeatable: false,
    };

    pub(super) const fn answered_locked(self) -> Self {
        Self {
            needs: Needs::Nothing,
            ..self
        }
    }

    pub(super) const fn impersonal(self) -> Self {
        Self {
            needs: Needs::Open,
            ..self
        }
    }

    pub(super) const fn counts_as_use(self) -> Self {
        Self { is_use: true, ..self }
    }

    pub(super) const fn repeatable(self) -> Self {
        Self {
            repeatable: true,
            ..self
        }
    }
}

/// Declares the waist: `Variant "method" (Parameters) -> Answer [facts];`. Without facts a method is [`Facts::SHUT`].
macro_rules! rpc_methods {
    ($($(#[$doc:meta])* $variant:ident $name:literal ($params:ty) -> $reply:ty $([$($fact:ident)+])?;)+) => {
        /// One call through the waist: `{"method": "orders.list", "params": {…}}`.
        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "method", content = "params")]
        pub enum Request {
            $($(#[$doc])* #[serde(rename = $name)] $variant($params),)+
        }

        impl Request {
            /// Every method with what is known of it.
            pub const METHODS: &'static [(&'static str, $crate::rpc::Facts)] =
                &[$(($name, $crate::rpc::Facts::SHUT $($(.$fact())+)?),)+];

            /// The method's name, as logged.
            #[must_use]
            pub fn method(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)+ }
            }

            /// What is known of the method.
            #[must_use]
            pub fn facts(&self) -> $crate::rpc::Facts {
                match self { $(Self::$variant(_) => const { $crate::rpc::Facts::SHUT $($(.$fact())+)? },)+ }
            }
        }

        /// Method name → its parameters and its answer (only named while TypeScript is generated).
        #[cfg(feature = "ts")]
        #[derive(ts_rs::TS)]
        #[allow(dead_code, missing_docs, non_snake_case)]
        pub struct Methods {
            $(#[ts(rename = $name)] pub $variant: $crate::rpc::MethodTypes<$params, $reply>,)+
        }
    };
}
pub(super) use rpc_methods;

/// Parameters and answer of one method, for the generated TypeScript.
#[cfg(feature = "ts")]
#[derive(ts_rs::TS)]
#[allow(dead_code)]
pub struct MethodTypes<P: ts_rs::TS, R: ts_rs::TS> {
    /// Parameters.
    pub params: P,
    /// Answer.
    pub reply: R,
}

#[cfg(test)]
#[allow(
    unreachable_pub,
    reason = "the macro declares what crosses the crate's border"
)]
mod tests {
    use super::Facts;
    use crate::rpc::Empty;

    rpc_methods! {
        /// Nobody thought of what it shows.
        Forgotten "forgotten" (Empty) -> Empty;
        /// Somebody did.
        Harmless "harmless" (Empty) -> Empty [impersonal repeatable];
    }

    #[test]
    fn a_method_of_which_nothing_is_said_is_shut() {
        use super::Needs;
        let forgotten = Facts {
            needs: Needs::Lease,
            is_use: false,
            repeatable: false,
        };
        let harmless = Facts {
            needs: Needs::Open,
            is_use: false,
            repeatable: true,
        };
        assert_eq!(
            Request::METHODS,
            [("forgotten", forgotten), ("harmless", harmless)]
        );
        assert_eq!(Request::Forgotten(Empty {}).facts(), forgotten);
        assert_eq!(Request::Harmless(Empty {}).facts(), harmless);
        assert_eq!(Request::Forgotten(Empty {}).method(), "forgotten");
    }
}
