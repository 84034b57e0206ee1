//! Little-endian base 128: seven bits a byte, the high bit says that more follow.

/// The longest encoding of a `u32`.
pub const MAX_BYTES: usize = 5;

/// Appends `value`.
pub fn write(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads one value at `*at` and moves behind it; `None` if it is cut short or too large for a `u32`.
#[inline]
pub fn read(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let first = *bytes.get(*at)?;
    *at += 1;
    if first < 0x80 {
        return Some(u32::from(first));
    }
    read_long(bytes, at, u32::from(first & 0x7f))
}

fn read_long(bytes: &[u8], at: &mut usize, low: u32) -> Option<u32> {
    let mut value = u64::from(low);
    for shift in [7u32, 14, 21, 28] {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return u32::try_from(value).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_cut_and_oversized() {
        assert_eq!(read(&[0x80], &mut 0), None);
        assert_eq!(read(&[0xff, 0xff, 0xff, 0xff, 0x1f], &mut 0), None);
        assert_eq!(read(&[0xff, 0xff, 0xff, 0xff, 0x0f], &mut 0), Some(u32::MAX));
        assert_eq!(read(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x01], &mut 0), None);
    }

    proptest! {
        #[test]
        fn round_trips(values in prop::collection::vec(any::<u32>(), 0..50)) {
            let mut bytes = Vec::new();
            values.iter().for_each(|&v| write(&mut bytes, v));
            let mut at = 0;
            for &v in &values {
                prop_assert_eq!(read(&bytes, &mut at), Some(v));
            }
            prop_assert_eq!(at, bytes.len());
        }
    }
}
