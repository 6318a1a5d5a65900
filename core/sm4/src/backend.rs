//! Which ways there are to run SM4, and which of them this machine has.
//!
//! Not here: how they work. Called by whoever makes a key, and by tests that want each of them.

/// A way to run the block function. All give the same result in constant time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// x86-64 with GFNI and AVX-512 (F, BW, VL): 32 blocks at a time.
    GfniAvx512,
    /// x86-64 with GFNI and AVX2: 16 blocks at a time.
    GfniAvx2,
    /// x86-64 with AES-NI and AVX2: 16 blocks at a time.
    AesAvx2,
    /// x86-64 with AES-NI and SSSE3: 16 blocks at a time.
    AesSsse3,
    /// aarch64 with the SM4 instructions: 8 blocks at a time.
    ArmSm4,
    /// aarch64 with the AES instructions: 16 blocks at a time.
    ArmAes,
    /// aarch64 with NEON: 16 blocks at a time.
    Neon,
    /// WebAssembly compiled with `simd128`: 16 blocks at a time.
    Simd128,
    /// Any machine: 16 blocks at a time, bits sliced.
    Portable,
}

#[cfg(all(target_arch = "x86_64", feature = "std"))]
macro_rules! has {
    ($($feature:tt),+) => { true $(&& std::arch::is_x86_feature_detected!($feature))+ };
}
#[cfg(all(target_arch = "aarch64", feature = "std"))]
macro_rules! has {
    ($($feature:tt),+) => { true $(&& std::arch::is_aarch64_feature_detected!($feature))+ };
}
#[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(feature = "std")))]
macro_rules! has {
    ($($feature:tt),+) => { true $(&& cfg!(target_feature = $feature))+ };
}

impl Backend {
    /// All there are, on any machine, the one to prefer first.
    pub const ALL: [Self; 9] = [
        Self::GfniAvx512,
        Self::GfniAvx2,
        Self::AesAvx2,
        Self::AesSsse3,
        Self::ArmSm4,
        Self::ArmAes,
        Self::Neon,
        Self::Simd128,
        Self::Portable,
    ];

    /// A short name for reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GfniAvx512 => "x86-64 GFNI AVX-512",
            Self::GfniAvx2 => "x86-64 GFNI AVX2",
            Self::AesAvx2 => "x86-64 AES-NI AVX2",
            Self::AesSsse3 => "x86-64 AES-NI SSSE3",
            Self::ArmSm4 => "aarch64 SM4E",
            Self::ArmAes => "aarch64 AES",
            Self::Neon => "aarch64 NEON",
            Self::Simd128 => "wasm simd128",
            Self::Portable => "portable",
        }
    }

    /// Whether this machine can run it.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::GfniAvx512 => has!("gfni", "avx2", "avx512f", "avx512bw", "avx512vl"),
            #[cfg(target_arch = "x86_64")]
            Self::GfniAvx2 => has!("gfni", "avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::AesAvx2 => has!("aes", "avx2"),
            #[cfg(target_arch = "x86_64")]
            Self::AesSsse3 => has!("aes", "ssse3"),
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            Self::ArmSm4 => has!("neon", "sm4"),
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            Self::ArmAes => has!("neon", "aes"),
            #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
            Self::Neon => has!("neon"),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => true,
            Self::Portable => true,
            #[allow(unreachable_patterns, reason = "the other architectures' backends")]
            _ => false,
        }
    }

    /// The one to prefer here.
    pub(crate) fn best() -> Self {
        backends().next().unwrap_or(Self::Portable)
    }
}

/// What this machine can run, the one to prefer first. Never empty: [`Backend::Portable`] runs everywhere.
pub fn backends() -> impl Iterator<Item = Backend> {
    Backend::ALL.into_iter().filter(|backend| backend.is_available())
}
