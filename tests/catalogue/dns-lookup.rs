//! dependency: dns-lookup = "2.1.1"
use dns_lookup::lookup_host;

pub fn ask(label: &str) -> Option<()> {
    lookup_host("collector.invalid").ok()?; //~ net.resolve collector.invalid
    dns_lookup::lookup_host(&format!("{label}.collector.invalid")).ok()?; //~ net.resolve {}.collector.invalid
    Some(())
}
