//! dependency: async-fs = "2.1.2"
pub async fn both() -> std::io::Result<()> {
    let text = async_fs::read("a.txt").await?; //~ file.read a.txt
    async_fs::write("b.txt", text).await //~ file.write b.txt
}
