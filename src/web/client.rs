//! Which client a request comes from, for limits: an address, seen through the proxies that the operator trusts.
//!
//! Source: security, sections 1 and 5. Anyone can write `X-Forwarded-For`; only what a trusted proxy added counts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::IpNet;
use poem::http::HeaderValue;
use poem::{Addr, FromRequest, Request, RequestBody};

use super::App;

/// Whom limits are counted for: one IPv4 address, or one IPv6 network of 64 bits, which is what one household has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientKey(IpAddr);

impl ClientKey {
    /// The network that it stands for, as bytes.
    pub fn network(&self) -> Vec<u8> {
        match self.0 {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets()[..8].to_vec(),
        }
    }

    /// The address that stands for it, as one server tells another.
    pub fn header(&self) -> HeaderValue {
        HeaderValue::try_from(self.0.to_string()).expect("an address is plain text")
    }

    /// The key of an address.
    pub fn of(address: IpAddr) -> ClientKey {
        ClientKey(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << 64);
                Ipv6Addr::from_bits(network).into()
            }
            v4 => v4,
        })
    }

    /// Whether the client is on this machine.
    fn is_here(self) -> bool {
        self.0.is_loopback() || self == ClientKey::of(Ipv6Addr::LOCALHOST.into())
    }
}

/// Whether a request comes from this machine, and not only through a proxy on it.
#[derive(Clone, Copy, Debug)]
pub struct Here(pub bool);

impl<'a> FromRequest<'a> for Here {
    async fn from_request(req: &'a Request, body: &mut RequestBody) -> poem::Result<Here> {
        let trusts_nobody = req
            .data::<Arc<App>>()
            .is_none_or(|app| app.trusted_proxies.is_empty());
        let is_forwarded = ["x-forwarded-for", "forwarded", "via"]
            .iter()
            .any(|name| req.headers().contains_key(*name));
        let client = ClientKey::from_request(req, body).await?;
        Ok(Here(client.is_here() && !(trusts_nobody && is_forwarded)))
    }
}

impl<'a> FromRequest<'a> for ClientKey {
    async fn from_request(req: &'a Request, _body: &mut RequestBody) -> poem::Result<ClientKey> {
        let trusted = req.data::<Arc<App>>().map(|app| &app.trusted_proxies[..]);
        let peer = match &req.remote_addr().0 {
            Addr::SocketAddr(peer) => peer.ip(),
            _ => Ipv4Addr::UNSPECIFIED.into(),
        };
        let forwarded = req.headers().get_all("x-forwarded-for").iter();
        let hops = forwarded.flat_map(|line| line.to_str().unwrap_or_default().split(','));
        let hops: Vec<&str> = hops.map(str::trim).collect();
        let address = through(peer, &hops, trusted.unwrap_or_default());
        Ok(ClientKey::of(address))
    }
}

/// The nearest address that is not a trusted proxy's, walked from our end. A word that is no address ends the walk: what
/// is left of it was not written by a proxy we trust.
fn through(peer: IpAddr, hops: &[&str], trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| {
        let address = address.to_canonical();
        trusted.iter().any(|network| network.contains(&address))
    };
    let mut nearest = peer;
    for hop in hops.iter().rev() {
        if !is_trusted(&nearest) {
            break;
        }
        match hop.parse() {
            Ok(address) => nearest = address,
            Err(_) => break,
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_trusted_proxy_says_counts() {
        let trusted: Vec<IpNet> = ["127.0.0.0/8", "10.0.0.0/8"]
            .map(|net| net.parse().unwrap())
            .into();
        let table: [(&str, &[&str], &str); 7] = [
            ("127.0.0.1", &["203.0.113.5"], "203.0.113.5"),
            ("127.0.0.1", &["198.51.100.1", "203.0.113.5"], "203.0.113.5"),
            (
                "127.0.0.1",
                &["198.51.100.1", "203.0.113.5", "10.1.2.3"],
                "203.0.113.5",
            ),
            ("198.51.100.9", &["203.0.113.5"], "198.51.100.9"),
            ("127.0.0.1", &["203.0.113.5", "nonsense"], "127.0.0.1"),
            ("127.0.0.1", &["10.0.0.1"], "10.0.0.1"),
            ("::ffff:127.0.0.1", &["203.0.113.5"], "203.0.113.5"),
        ];
        for (peer, hops, expected) in table {
            let found = through(peer.parse().unwrap(), hops, &trusted);
            assert_eq!(
                found,
                expected.parse::<IpAddr>().unwrap(),
                "{peer} {hops:?}"
            );
        }
        let untrusting = through("127.0.0.1".parse().unwrap(), &["203.0.113.5"], &[]);
        assert_eq!(untrusting.to_string(), "127.0.0.1");
    }

    #[test]
    fn a_household_with_ipv6_is_one_client() {
        let key = |address: &str| ClientKey::of(address.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("203.0.113.5"), key("203.0.113.6"));
        assert_eq!(key("::ffff:203.0.113.5"), key("203.0.113.5"));
    }
}
