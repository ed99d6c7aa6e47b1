cargo doc --frozen
