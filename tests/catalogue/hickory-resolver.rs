//! dependency: hickory-resolver = "0.24.4"
use hickory_resolver::config::{ResolverConfig, ResolverOpts};
use hickory_resolver::Resolver;

pub fn ask(name: &str) -> Option<()> {
    let resolver = Resolver::new(ResolverConfig::default(), ResolverOpts::default()).ok()?;
    resolver.lookup_ip("collector.invalid.").ok()?; //~ net.resolve collector.invalid.
    resolver.txt_lookup(format!("{name}.collector.invalid.")).ok()?; //~ net.resolve {}.collector.invalid.
    Some(())
}
