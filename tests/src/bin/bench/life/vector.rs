//! A vector as a parameter in binary form: neither side spends its time on text.

use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use std::error::Error;

#[derive(Debug)]
pub struct Vector(Vec<u8>);

impl Vector {
    pub fn new(columns: u32, row: &[(u32, f32)]) -> Self {
        let mut bytes = Vec::with_capacity(12 + 8 * row.len());
        for number in [columns, row.len() as u32, 0] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        row.iter().for_each(|(column, _)| bytes.extend_from_slice(&column.to_be_bytes()));
        row.iter().for_each(|(_, weight)| bytes.extend_from_slice(&weight.to_be_bytes()));
        Self(bytes)
    }
}

impl ToSql for Vector {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut postgres::types::private::BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(&self.0);
        Ok(IsNull::No)
    }

    fn accepts(kind: &Type) -> bool {
        kind.name() == "svec"
    }

    to_sql_checked!();
}
