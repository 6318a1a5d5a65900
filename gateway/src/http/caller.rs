//! Where a request comes from, seen through the proxies in front.
//!
//! Not who the person is (`session`). `X-Forwarded-For` is what anybody may write: it counts only as far as the
//! configured proxies wrote it. Used by everything that is counted by address.

use axum::http::HeaderMap;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

const FORWARDED_FOR: &str = "x-forwarded-for";
/// One household or telephone has a whole network of this length in IPv6.
const IPV6_PREFIX: u32 = 64;

/// The proxies in front.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Addresses and networks.
    ///
    /// # Errors
    /// The first text that is neither.
    pub(crate) fn parse(texts: &[String]) -> Result<Self, String> {
        let net = |text: &String| {
            let one = text.trim();
            let net = one.parse::<IpAddr>().map(IpNet::from);
            net.or_else(|_| one.parse()).map_err(|_| text.clone())
        };
        texts.iter().map(net).collect::<Result<_, _>>().map(Self)
    }

    /// These and some more.
    pub(crate) fn and(&self, more: &[IpAddr]) -> Self {
        let mut all = self.0.clone();
        all.extend(more.iter().map(|address| IpNet::from(address.to_canonical())));
        Self(all)
    }

    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|net| net.contains(&address))
    }
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Caller(IpAddr);

impl Caller {
    /// The last address on the way here that is not a trusted proxy's. Each proxy adds whom it heard to the end of
    /// the header, so it is read from there; what stands before a stranger's address is the stranger's own word.
    pub(crate) fn of(peer: IpAddr, headers: &HeaderMap, proxies: &Proxies) -> Self {
        let mut nearest = peer.to_canonical();
        let mut steps = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .flat_map(|line| line.to_str().unwrap_or("?").split(','))
            .collect::<Vec<_>>();
        while proxies.contains(nearest) {
            match steps.pop().map(|step| address(step.trim())) {
                Some(Some(before)) => nearest = before,
                // A word that is no address: nothing before it can be trusted either.
                Some(None) | None => break,
            }
        }
        Self(nearest)
    }

    /// By what it is counted: the address, in IPv6 its network.
    pub(crate) fn counted_by(self) -> IpAddr {
        match self.0 {
            IpAddr::V6(address) => {
                let mask = u128::MAX << (128 - IPV6_PREFIX);
                Ipv6Addr::from_bits(address.to_bits() & mask).into()
            }
            address => address,
        }
    }
}

/// An address, with or without a port, as proxies write it.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let parsed = bare.unwrap_or(text).parse::<IpAddr>().ok();
    let parsed = parsed.or_else(|| text.parse::<SocketAddr>().ok().map(|both| both.ip()));
    parsed.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(peer: &str, lines: &[&str]) -> String {
        let proxies = Proxies::parse(&["10.0.0.2".to_owned(), "10.1.0.0/16".to_owned()]).expect("proxies");
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().expect("a header"));
        }
        let caller = Caller::of(peer.parse().expect("an address"), &headers, &proxies);
        caller.counted_by().to_string()
    }

    #[test]
    fn only_a_configured_proxy_is_believed() {
        assert_eq!(caller("203.0.113.9", &["198.51.100.7"]), "203.0.113.9");
        assert_eq!(caller("10.0.0.2", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(caller("::ffff:10.0.0.2", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(caller("10.0.0.2", &[]), "10.0.0.2");
    }

    #[test]
    fn what_a_stranger_wrote_before_the_proxy_wrote_does_not_count() {
        let spoofed = ["192.0.2.1, 198.51.100.7"];
        assert_eq!(caller("10.0.0.2", &spoofed), "198.51.100.7");
        assert_eq!(caller("10.0.0.2", &["192.0.2.1", "198.51.100.7"]), "198.51.100.7");
        // A second proxy of ours on the way is passed over.
        let through_two = ["192.0.2.1, 198.51.100.7, 10.1.255.3"];
        assert_eq!(caller("10.0.0.2", &through_two), "198.51.100.7");
        assert_eq!(caller("10.0.0.2", &["192.0.2.1, unknown"]), "10.0.0.2");
        assert_eq!(caller("10.0.0.2", &["192.0.2.1, "]), "10.0.0.2");
    }

    #[test]
    fn ports_and_brackets_are_read_and_a_network_of_ipv6_counts_as_one() {
        assert_eq!(caller("10.0.0.2", &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(caller("10.0.0.2", &["[2001:db8:1:2:3::4]:80"]), "2001:db8:1:2::");
        assert_eq!(caller("10.0.0.2", &["2001:db8:1:2:ffff::1"]), "2001:db8:1:2::");
    }

    #[test]
    fn what_is_no_address_is_named() {
        for wrong in ["proxy.example", "10.0.0.0/33", ""] {
            assert_eq!(Proxies::parse(&[wrong.to_owned()]).unwrap_err(), wrong);
        }
    }
}
