//! What values of some types look like in bytes. The server's comparisons believe that a value is one of its type and
//! read as far as its own bytes tell them; what was stored on a page may have been damaged since.

use pgrx::pg_sys;

/// What the bytes of a value must be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Comparisons of the type stay within any bytes.
    Any,
    /// bit, varbit: a number of bits, and as many bytes as they need.
    Bits,
    /// inet: a family, bits of the mask, and an address of the family's length.
    Network,
}

impl Shape {
    /// Those of a type.
    pub fn of(r#type: pg_sys::Oid) -> Self {
        match r#type {
            pg_sys::BITOID | pg_sys::VARBITOID => Self::Bits,
            pg_sys::INETOID | pg_sys::CIDROID => Self::Network,
            _ => Self::Any,
        }
    }

    /// Whether these can be the bytes of a value, without its header.
    pub fn fits(self, bytes: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Bits => bytes.split_first_chunk::<4>().is_some_and(|(n_bits, bits)| {
                usize::try_from(i32::from_ne_bytes(*n_bits)).is_ok_and(|n_bits| bits.len() == n_bits.div_ceil(8))
            }),
            // The families are the server's: AF_INET, which is 2, and the number behind it.
            Self::Network => match *bytes {
                [2, mask, ref address @ ..] => mask <= 32 && address.len() == 4,
                [3, mask, ref address @ ..] => mask <= 128 && address.len() == 16,
                _ => false,
            },
        }
    }
}
