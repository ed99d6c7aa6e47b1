"""Names computed by const fns, generics, enums, statics and associated constants."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzer.model import Fact, FactKind

FactsOf = Callable[..., list[Fact]]
WORD = "/etc/passwd"
IDIOMS = {
    "nested const fn": """
        const fn one(b:u8)->u8{ b^0x5a }
        const fn all(d:[u8;11])->[u8;11]{ let mut o=[0u8;11]; let mut i=0; while i<11 { o[i]=one(d[i]); i+=1; } o }
        const N:[u8;11]=all([117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62]);
        pub fn go(){ let _=std::fs::read(std::str::from_utf8(&N).unwrap()); }""",
    "const fn loop index": """
        const fn all(d:&[u8;11])->[u8;11]{ let mut o=*d; let mut i=0; loop { if i==o.len() { break; } o[i]^=0x5a; i+=1; } o }
        const N:[u8;11]=all(&[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62]);
        pub fn go(){ let _=std::fs::read(String::from_utf8_lossy(&N).to_string()); }""",
    "const generic": """
        const fn all<const N:usize>(d:[u8;N],k:u8)->[u8;N]{ let mut o=[0u8;N]; let mut i=0; while i<N { o[i]=d[i]^k; i+=1; } o }
        const N:[u8;11]=all([117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62],0x5a);
        pub fn go(){ let _=std::fs::read(std::str::from_utf8(&N).unwrap()); }""",
    "const generic ref": """
        const fn all<const N:usize>(d:&[u8;N],k:u8)->[u8;N]{ let mut o=[0;N]; let mut i=0; while i<N { o[i]=d[i].wrapping_sub(k); i+=1; } o }
        static N:[u8;11]=all(&[56, 110, 125, 108, 56, 121, 106, 124, 124, 128, 109],9);
        pub fn go(){ let _=std::fs::read(core::str::from_utf8(&N[..]).unwrap()); }""",
    "const generic turbofish": """
        const fn all<const K:u8,const N:usize>(d:[u8;N])->[u8;N]{ let mut o=d; let mut i=0; while i<N { o[i]^=K; i+=1; } o }
        pub fn go(){ let n=all::<0x5a,11>([117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62]); let _=std::fs::read(std::str::from_utf8(&n).unwrap()); }""",
    "const generic turbofish partial": """
        const fn all<const K:u8>(d:[u8;11])->[u8;11]{ let mut o=d; let mut i=0; while i<o.len() { o[i]^=K; i+=1; } o }
        pub fn go(){ let n=all::<{0x50+10}>([117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62]); let _=std::fs::read(std::str::from_utf8(&n).unwrap()); }""",
    "const generic struct": """
        struct H<const N:usize>{ d:[u8;N], k:u8 }
        impl<const N:usize> H<N>{ const fn new(d:[u8;N],k:u8)->Self{ let mut i=0; let mut o=d; while i<N { o[i]=d[i]^k; i+=1; } H{d:o,k} }
         fn open(&self)->String{ let mut s=String::with_capacity(N); for i in 0..N { s.push(self.d[i] as char); } s } }
        static N:H<11>=H::new([117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62],0x5a);
        pub fn go(){ let _=std::fs::read(N.open()); }""",
    "const block": """
        pub fn go(){ const N:&[u8]=&const { let mut d=[44, 102, 119, 96, 44, 115, 98, 112, 112, 116, 103u8]; let mut i=0; while i<11 { d[i]^=3; i+=1; } d }; let _=std::fs::read(std::str::from_utf8(N).unwrap()); }""",
    "struct assoc const": """
        struct H; impl H { const D:[u8;11]=[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62]; const K:u8=0x5a; fn open()->String{ Self::D.iter().map(|b| (b^Self::K) as char).collect() } }
        pub fn go(){ let _=std::fs::read(H::open()); }""",
    "LazyLock": """
        use std::sync::LazyLock; const D:[u8;11]=[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62];
        static N:LazyLock<String>=LazyLock::new(|| D.iter().map(|b| (b^0x5a) as char).collect());
        pub fn go(){ let _=std::fs::read(N.as_str()); }""",
    "LazyLock deref": """
        use std::sync::LazyLock; const D:[u8;11]=[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62];
        static N:LazyLock<String>=LazyLock::new(|| { let mut s=String::new(); for b in D { s.push((b^0x5a) as char); } s });
        pub fn go(){ let _=std::fs::read(&*N); }""",
    "OnceLock get_or_init": """
        use std::sync::OnceLock; const D:[u8;11]=[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62];
        fn name()->&'static str { static N:OnceLock<String>=OnceLock::new(); N.get_or_init(|| D.iter().map(|b| (b^0x5a) as char).collect()) }
        pub fn go(){ let _=std::fs::read(name()); }""",
    "lazy_static": """
        lazy_static::lazy_static!{ static ref N:String=[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62u8].iter().map(|b| (b^0x5a) as char).collect(); }
        pub fn go(){ let _=std::fs::read(N.as_str()); }""",
    "once_cell Lazy": """
        use once_cell::sync::Lazy; static N:Lazy<Vec<u8>>=Lazy::new(|| vec![117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62].into_iter().map(|b:u8| b^0x5a).collect());
        pub fn go(){ let _=std::fs::read(String::from_utf8_lossy(&N).as_ref()); }""",
    "thread_local": """
        thread_local!{ static N:String=[117, 63, 46, 57, 117, 42, 59, 41, 41, 45, 62u8].iter().map(|b| (b^0x5a) as char).collect(); }
        pub fn go(){ N.with(|n| { let _=std::fs::read(n); }); }""",
    "match on index": """
        fn at(i:usize)->char{ match i { 0=>'/', 1=>'e', 2=>'t', 3=>'c', 4=>'/', 5=>'p', 6=>'a', 7=>'s', 8=>'s', 9=>'w', 10=>'d', _=>' ' } }
        pub fn go(){ let s:String=(0..11).map(at).collect(); let _=std::fs::read(s); }""",
    "lookup by enum": """
        #[derive(Clone,Copy)] enum P{A,B,C}
        impl P { fn text(self)->&'static str{ match self { P::A=>"/etc", P::B=>"/pas", P::C=>"swd" } } }
        pub fn go(){ let s:String=[P::A,P::B,P::C].iter().map(|p| p.text()).collect(); let _=std::fs::read(s); }""",
    "enum discriminant": """
        #[repr(u8)] enum P{ A=47, B=b'e', C=116, D=99 }
        pub fn go(){ let s:String=[P::A as u8,P::B as u8,P::C as u8,P::D as u8].iter().map(|&c| c as char).collect(); let _=std::fs::read(format!("{s}/passwd")); }""",
    "enum cast index": """
        #[derive(Clone,Copy)] enum P{ A, B }
        const T:[&str;2]=["/etc","/passwd"];
        pub fn go(){ let s=format!("{}{}",T[P::A as usize],T[P::B as usize]); let _=std::fs::read(s); }""",
    "struct array": """
        struct S{a:&'static str,b:u8} const T:[S;2]=[S{a:"passwd",b:1},S{a:"etc",b:0}];
        pub fn go(){ let mut n=String::new(); for k in 0..2u8 { let p=T.iter().find(|s| s.b==k).unwrap(); n.push('/'); n.push_str(p.a); } let _=std::fs::read(n); }""",
    "tuple table pick": """
        const T:[(u8,&str);3]=[(3,"swd"),(1,"/etc"),(2,"/pas")];
        pub fn go(){ let mut n=String::new(); for k in 1..=3 { for (i,t) in T.iter() { if *i==k { n+=t; } } } let _=std::fs::read(n); }""",
    "BTreeMap": """
        use std::collections::BTreeMap; pub fn go(){ let m:BTreeMap<u8,char>=[(2,'t'), (5,'p'), (7,'s'), (9,'w'), (0,'/'), (8,'s'), (10,'d'), (6,'a'), (1,'e'), (4,'/'), (3,'c')].into_iter().collect(); let n:String=m.values().collect(); let _=std::fs::read(n); }""",
    "BTreeMap insert": """
        use std::collections::BTreeMap; pub fn go(){ let mut m=BTreeMap::new(); m.insert(2,"passwd"); m.insert(1,"/etc"); let n=m.into_values().collect::<Vec<_>>().join("/"); let _=std::fs::read(n); }""",
    "HashMap get": """
        use std::collections::HashMap; pub fn go(){ let mut m=HashMap::new(); m.insert("a","/etc"); m.insert("b","passwd"); let n=format!("{}/{}",m["a"],m.get("b").unwrap()); let _=std::fs::read(n); }""",
    "HashMap from": """
        use std::collections::HashMap; pub fn go(){ let m=HashMap::from([('a',"/etc"),('b',"/passwd")]); let n:String="ab".chars().map(|c| m[&c]).collect(); let _=std::fs::read(n); }""",
    "closure in var": """
        pub fn go(){ let un=|d:&[u8],k:u8|->String{ d.iter().map(|b| (b^k) as char).collect() }; let n=un(&[44, 102, 119, 96, 44, 115, 98, 112, 112, 116, 103],3); let _=std::fs::read(n); }""",
    "fn pointer": """
        fn un(d:&[u8])->String{ d.iter().map(|b| (b^3) as char).collect() }
        pub fn go(){ let f:fn(&[u8])->String=un; let _=std::fs::read(f(&[44, 102, 119, 96, 44, 115, 98, 112, 112, 116, 103])); }""",
    "rc4": """
        fn rc4(k:&[u8],d:&[u8])->Vec<u8>{ let mut s=[0u8;256]; for i in 0..256 { s[i]=i as u8; } let mut j=0u8; for i in 0..256 { j=j.wrapping_add(s[i]).wrapping_add(k[i%k.len()]); s.swap(i,j as usize); } let (mut i,mut j)=(0u8,0u8); d.iter().map(|b| { i=i.wrapping_add(1); j=j.wrapping_add(s[i as usize]); s.swap(i as usize,j as usize); b^s[s[i as usize].wrapping_add(s[j as usize]) as usize] }).collect() }
        pub fn go(){ let n=rc4(b"key",&[36, 9, 64, 142, 11, 255, 26, 57, 59, 60, 108]); let _=std::fs::read(String::from_utf8(n).unwrap()); }""",
    "PathBuf from_iter": """
        pub fn go(){ let n:std::path::PathBuf=["/","etc","passwd"].iter().collect(); let _=std::fs::read(n); }""",
    "PathBuf xored components": """
        pub fn go(){ let x=|d:&[u8]| d.iter().map(|b| (b^1) as char).collect::<String>(); let n=std::path::Path::new("/").join(x(&[100, 117, 98])).join(x(&[113, 96, 114, 114, 118, 101])); let _=std::fs::read(n); }""",
    "OsString from_vec": """
        use std::os::unix::ffi::OsStringExt; pub fn go(){ let n=std::ffi::OsString::from_vec(vec![47, 101, 116, 99, 47, 112, 97, 115, 115, 119, 100]); let _=std::fs::read(n); }""",
    "OsStr from_bytes": """
        use std::os::unix::ffi::OsStrExt; pub fn go(){ let n=std::ffi::OsStr::from_bytes(&[47, 101, 116, 99, 47, 112, 97, 115, 115, 119, 100]); let _=std::fs::read(n); }""",
    "utf16": """
        pub fn go(){ let n=String::from_utf16(&[47, 101, 116, 99, 47, 112, 97, 115, 115, 119, 100]).unwrap(); let _=std::fs::read(n); }""",
    "utf16 lossy xor": """
        pub fn go(){ let v:Vec<u16>=[302, 356, 373, 354, 302, 369, 352, 370, 370, 374, 357u16].iter().map(|w| w^0x101).collect(); let _=std::fs::read(String::from_utf16_lossy(&v)); }""",
    "decode_utf16": """
        pub fn go(){ let n:String=char::decode_utf16([47, 101, 116, 99, 47, 112, 97, 115, 115, 119, 100u16]).map(|r| r.unwrap()).collect(); let _=std::fs::read(n); }""",
    "transmute": """
        pub fn go(){ let w:[u32;3]=[1668572463, 1935765551, 560232307]; let b:[u8;12]=unsafe{std::mem::transmute(w)}; let s=std::str::from_utf8(&b[..11]).unwrap(); let _=std::fs::read(s); }""",
    "from_raw_parts": """
        static D:[u8;11]=[47, 101, 116, 99, 47, 112, 97, 115, 115, 119, 100]; pub fn go(){ let s=unsafe{ std::str::from_utf8_unchecked(std::slice::from_raw_parts(D.as_ptr(),11)) }; let _=std::fs::read(s); }""",
    "concat stringify": """
        pub fn go(){ let _=std::fs::read(concat!("/", stringify!(etc), "/", stringify!(passwd))); }""",
    "bytestring escapes": r"""
        pub fn go(){ let s=std::str::from_utf8(b"\x2fetc\x2fpass\x77d").unwrap(); let _=std::fs::read(s); }""",
    "c string": """
        pub fn go(){ let s=c"/etc/passwd".to_str().unwrap(); let _=std::fs::read(s); }""",
    "line continuation": r"""
        pub fn go(){ let s="/etc\
            /pass\
           wd"; let _=std::fs::read(s); }""",
    "format width": """
        pub fn go(){ let n=format!("/{}{:c<2}/{p}", "et", "", p="passwd"); let _=std::fs::read(n.replace("cc","c")); }""",
    "format hex": """
        pub fn go(){ let n=format!("/{:x}/passwd", 0xe7c); let _=std::fs::read(n.replace('7',"t")); }""",
    "write macro": """
        use std::fmt::Write; pub fn go(){ let mut n=String::new(); write!(n,"/{}","etc").unwrap(); write!(&mut n,"/{}","passwd").unwrap(); let _=std::fs::read(n); }""",
    "write_str": """
        use std::fmt::Write; pub fn go(){ let mut n=String::new(); n.write_str("/etc").unwrap(); n.write_char('/').unwrap(); n.write_str("passwd").unwrap(); let _=std::fs::read(n); }""",
    "plus eq": """
        pub fn go(){ let mut n=String::from("/etc"); n+="/"; n+="passwd"; let _=std::fs::read(n); }""",
    "extend chars": """
        pub fn go(){ let mut n=String::from("/etc"); n.extend(['/','p','a']); n.extend("sswd".chars()); let _=std::fs::read(n); }""",
    "extend strs": """
        pub fn go(){ let mut n=String::new(); n.extend(["/etc","/passwd"]); let _=std::fs::read(n); }""",
    "insert_str": """
        pub fn go(){ let mut n=String::from("passwd"); n.insert_str(0,"etc/"); n.insert(0,'/'); let _=std::fs::read(n); }""",
}


@pytest.mark.parametrize("source", IDIOMS.values(), ids=IDIOMS)
def test_a_computed_name_is_known(facts_of: FactsOf, source: str) -> None:
    found = facts_of(source, "src/lib.rs")
    assert [one.subject for one in found if one.kind is FactKind.FILE_READ] == [WORD]
