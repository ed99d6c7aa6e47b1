//! dependency: hickory-resolver = "0.24.4"
use hickory_resolver::config::{ResolverConfig, ResolverOpts};
use hickory_resolver::Resolver;

pub fn ask(name: &str) -> Option<()> {
    let resolver = Resolver::new(ResolverConfig::default(), ResolverOpts::default()).ok()?;
    resolver.lookup_ip("collector.invalid.").ok()?; //~ net.resolve collector.invalid.
    resolver.txt_lookup(format!("{name}.collector.invalid.")).ok()?; //~ net.resolve {}.collector.invalid.
    Some(())
}

struct Cache {
    inner: hickory_resolver::TokioAsyncResolver,
}

impl Cache {
    pub async fn ask(&self, name: &str) {
        let _ = self.inner.lookup_ip(format!("{name}.kept.invalid.")).await; //~ net.resolve {}.kept.invalid.
    }
}
