//! One password hash: Argon2id in PHC form, in memory that goes back to the system at once.
//!
//! What the allocator gives threads of a pool it keeps for each of them: a few hundred MiB after as many sign-ins. Beyond a
//! size it asks the system anew each time, so the blocks are put into such a piece; of it only what is used takes memory.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, RECOMMENDED_SALT_LEN, Version};
use kaiwa_core::{Error, ErrorKind};
use ring::rand::{SecureRandom as _, SystemRandom};

/// The smallest piece that glibc always takes from the system and gives back, in bytes, and a page more (mallopt(3),
/// `M_MMAP_THRESHOLD`: 32 MiB, which the threshold adapts itself up to).
const OWN_PIECE: usize = 32 * 1024 * 1024 + 4096;

/// The hash of a password, with a salt of its own.
pub(super) fn hash(password: &[u8]) -> Result<String, Error> {
    let mut salt = [0; RECOMMENDED_SALT_LEN];
    SystemRandom::new()
        .fill(&mut salt)
        .map_err(|_| Error::new(ErrorKind::Internal, "the system gives no randomness"))?;
    let argon2 = Argon2::default();
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    compute(&argon2, password, &salt, &mut output)?;
    let hash = PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(argon2.params()).map_err(failed)?,
        salt: Some(Salt::new(&salt).map_err(failed)?),
        hash: Some(Output::new(&output).map_err(failed)?),
    };
    Ok(hash.to_string())
}

/// Whether a password is the one of a hash; parameters are the hash's own.
pub(super) fn verify(password: &[u8], hash: &str) -> Result<bool, Error> {
    let hash = PasswordHash::new(hash).map_err(failed)?;
    let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
        return Err(Error::new(
            ErrorKind::Internal,
            "a password hash without a hash",
        ));
    };
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).map_err(failed)?;
    let version = hash
        .version
        .map_or_else(|| Ok(Version::default()), Version::try_from);
    let params = Params::try_from(&hash).map_err(failed)?;
    let argon2 = Argon2::new(algorithm, version.map_err(failed)?, params);
    let mut output = vec![0; expected.len()];
    compute(&argon2, password, salt, &mut output)?;
    // Compares in constant time.
    Ok(Output::new(&output).map_err(failed)? == *expected)
}

fn compute(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    output: &mut [u8],
) -> Result<(), Error> {
    let count = argon2.params().block_count();
    let mut blocks = Vec::with_capacity(count.max(OWN_PIECE / Block::SIZE));
    blocks.resize(count, Block::new());
    argon2
        .hash_password_into_with_memory(password, salt, output, blocks)
        .map_err(failed)
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Internal, "hashing a password").with_source(error)
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

    use super::*;

    #[test]
    fn hashes_are_those_of_the_library() {
        let own = hash(b"secret").unwrap();
        let argon2 = Argon2::default();
        argon2.verify_password(b"secret", own.as_str()).unwrap();
        let theirs = argon2.hash_password(b"secret").unwrap().to_string();
        assert!(verify(b"secret", &theirs).unwrap());
        assert!(!verify(b"Secret", &theirs).unwrap());
        let weak = Params::new(8, 1, 1, Some(16)).unwrap();
        let weak = Argon2::new(Algorithm::Argon2i, Version::V0x10, weak);
        let weak = weak.hash_password(b"secret").unwrap().to_string();
        assert!(verify(b"secret", &weak).unwrap());
        assert!(!verify(b"", &weak).unwrap());
        for broken in ["", "secret", "$argon2id$v=19$m=19456,t=2,p=1"] {
            assert!(verify(b"secret", broken).is_err(), "{broken}");
        }
    }

    /// Each sign-in is computed on some thread of a pool; none keeps memory.
    #[cfg(target_os = "linux")]
    #[test]
    fn memory_goes_back() {
        let resident = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find(|line| line.starts_with("RssAnon:"));
            let kib = line.unwrap().split_whitespace().nth(1).unwrap();
            kib.parse::<usize>().unwrap()
        };
        let barrier = std::sync::Barrier::new(9);
        let kept = std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    hash(b"first").unwrap();
                    hash(b"second").unwrap();
                    barrier.wait();
                    barrier.wait();
                });
            }
            barrier.wait();
            let kept = resident();
            barrier.wait();
            kept
        });
        // Other tests of this process may be computing two at a time meanwhile.
        assert!(kept < 100 * 1024, "{kept} KiB");
    }
}
