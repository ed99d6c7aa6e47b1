//! dependency: public-ip = "0.2.2"
pub async fn address() -> Option<String> {
    public_ip::addr().await.map(|one| one.to_string()) //~ guard.host address
}
