//! A WebSub hub: the one server that the blog speaks to by itself, if its owner says so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// The longest address that is taken, in bytes.
const LONGEST: usize = 500;

/// The address of a hub: https, a public host, no secrets in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hub(Url);

impl Hub {
    /// The hub that was typed; nothing typed is no hub.
    ///
    /// Errors: the sentence shown at the field.
    pub fn parse(typed: &str) -> Result<Option<Hub>, String> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        if typed.len() > LONGEST {
            return Err(format!(
                "Please keep the address within {LONGEST} characters."
            ));
        }
        let url = Url::parse(typed)
            .map_err(|_| "Write the hub's address like https://hub.example/.".to_owned())?;
        if url.scheme() != "https" {
            return Err("A hub is spoken to over https; write https:// before its name.".into());
        }
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err("Leave out the name, the password and what follows a #.".into());
        }
        let is_public = match url.host() {
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                name.contains('.') && !name.ends_with(".localhost")
            }
            Some(Host::Ipv4(address)) => is_public(address.into()),
            Some(Host::Ipv6(address)) => is_public(address.into()),
            None => false,
        };
        match is_public {
            true => Ok(Some(Hub(url))),
            false => Err("A hub is a public server; this address is not one.".into()),
        }
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The name or number of its server.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }

    /// Path and query, as a request names them.
    pub fn target(&self) -> &str {
        &self.0[url::Position::BeforePath..url::Position::AfterQuery]
    }

    /// Host, and port where it is not the usual one, as a request names them.
    pub fn authority(&self) -> &str {
        &self.0[url::Position::BeforeHost..url::Position::AfterPort]
    }
}

/// Whether an address belongs to the public network, so that whoever names it cannot make us speak to our neighbours.
///
/// Sources: the IANA special-purpose registries for IPv4 and IPv6 (RFC 6890). What carries an IPv4 address inside is
/// refused too, since it may lead anywhere.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || matches!(
            (a, b, c),
            (0, ..)
                | (100, 64..=127, _)
                | (192, 0, 0)
                | (192, 88, 99)
                | (198, 18..=19, _)
                | (240.., ..)
        );
    !special
}

/// Only what is handed out as global unicast, 2000::/3, without its special parts.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let special = matches!(
        (a, b),
        (0x2001, 0..=0x1ff | 0xdb8) | (0x2002, _) | (0x3fff, 0..=0xfff)
    );
    (0x2000..0x4000).contains(&a) && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_is_a_public_server_behind_https() {
        let hub = Hub::parse(" https://Hub.example:8443/push?a=b ")
            .unwrap()
            .unwrap();
        assert_eq!(hub.as_str(), "https://hub.example:8443/push?a=b");
        assert_eq!((hub.host(), hub.port()), ("hub.example", 8443));
        assert_eq!(
            (hub.target(), hub.authority()),
            ("/push?a=b", "hub.example:8443")
        );
        assert_eq!(Hub::parse("  "), Ok(None));
        for wrong in [
            "http://hub.example/",
            "hub.example",
            "https://me:secret@hub.example/",
            "https://hub.example/#x",
            "https://localhost/",
            "https://router/",
            "https://a.localhost/",
            "https://localhost./",
            "https://127.0.0.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://10.1.2.3/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "file:///etc/passwd",
        ] {
            assert!(Hub::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Hub::parse(&format!("https://hub.example/{}", "x".repeat(500))).is_err());
    }

    #[test]
    fn the_neighbours_are_not_the_public_network() {
        let public = [
            "93.184.216.34",
            "100.128.0.1",
            "2606:2800:220:1::1",
            "2a00:1450::1",
        ];
        let private = [
            "0.0.0.0",
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "203.0.113.1",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001::1",
            "fc00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
        ];
        for address in public {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in private {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }
}
