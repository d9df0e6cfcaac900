//! What signing in takes beside the password, if the owner wants it: a sealed secret, and the hashes of written codes.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;

use super::{Tx, log};
use crate::error::Result;
use crate::model::event::{Audience, Kind};
use crate::model::time::Timestamp;
use crate::totp::WrittenHash;

/// The second step as it is kept.
#[derive(Clone, Debug)]
pub struct SecondStep {
    /// The secret, sealed with the key beside the file.
    pub secret: Vec<u8>,
    /// The newest step whose code was used.
    pub spent: i64,
    /// When it was turned on.
    pub since: Timestamp,
}

/// What shows, beside the password, that it is the owner who signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Nothing: the second step is off.
    NotAsked,
    /// The code of that step.
    Step(i64),
    /// A written code.
    Written(WrittenHash),
}

/// The second step, if it is on.
pub fn find(conn: &Connection) -> Result<Option<SecondStep>> {
    let sql = "select secret, spent, since from second_step";
    let row = conn.prepare_cached(sql)?.query_row([], |row| {
        Ok(SecondStep {
            secret: row.get(0)?,
            spent: row.get(1)?,
            since: row.get(2)?,
        })
    });
    Ok(row.optional()?)
}

/// Whether that is a written code that was not used yet.
pub fn is_written(conn: &Connection, code: &WrittenHash) -> Result<bool> {
    Ok(conn
        .prepare_cached("select 1 from written_codes where code_hash = ?1")?
        .exists([code])?)
}

/// How many written codes are left.
pub fn left(conn: &Connection) -> Result<i64> {
    Ok(conn
        .prepare_cached("select count(*) from written_codes")?
        .query_row([], |row| row.get(0))?)
}

/// Turns the second step on: a sealed secret, the step of the code that confirmed it, and the written codes.
pub fn turn_on(tx: &Tx, secret: &[u8], confirmed: i64, codes: &[WrittenHash]) -> Result<()> {
    let sql = "insert into second_step (only, secret, spent, since) values (1, ?1, ?2, ?3)
               on conflict (only) do update
               set secret = excluded.secret, spent = excluded.spent, since = excluded.since";
    tx.prepare_cached(sql)?
        .execute(params![secret, confirmed, tx.now()])?;
    replace_written(tx, codes)?;
    tell(tx, "on")
}

/// Puts new written codes in place of the old ones.
pub fn renew(tx: &Tx, codes: &[WrittenHash]) -> Result<()> {
    replace_written(tx, codes)?;
    tell(tx, "renewed")
}

/// Turns the second step off; says whether it was on.
pub fn turn_off(tx: &Tx) -> Result<bool> {
    let gone = tx.prepare_cached("delete from second_step")?.execute([])?;
    replace_written(tx, &[])?;
    if gone > 0 {
        tell(tx, "off")?;
    }
    Ok(gone > 0)
}

/// Uses up what was shown; says whether it was still good. Of two who show the same, one comes through.
pub fn spend(tx: &Tx, proof: &Proof) -> Result<bool> {
    Ok(match proof {
        Proof::NotAsked => find(tx)?.is_none(), // it may have been turned on in the meantime
        Proof::Step(step) => {
            let sql = "update second_step set spent = ?1 where spent < ?1";
            tx.prepare_cached(sql)?.execute([step])? == 1
        }
        Proof::Written(code) => {
            let sql = "delete from written_codes where code_hash = ?1";
            let was_good = tx.prepare_cached(sql)?.execute([code])? == 1;
            if was_good {
                tell(tx, "used")?;
            }
            was_good
        }
    })
}

fn replace_written(tx: &Tx, codes: &[WrittenHash]) -> Result<()> {
    tx.prepare_cached("delete from written_codes")?
        .execute([])?;
    let mut add = tx.prepare_cached("insert into written_codes (code_hash) values (?1)")?;
    for code in codes {
        add.execute([code])?;
    }
    Ok(())
}

fn tell(tx: &Tx, change: &str) -> Result<()> {
    let facts = json!({ "change": change, "left": left(tx)? });
    log::append(tx, Kind::OwnerCode, None, 0, Audience::Owner, Some(facts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::store;

    #[tokio::test]
    async fn a_code_is_good_once_and_never_after_a_later_one() {
        let (store, _folder) = store();
        let (one, other) = ([1; 32], [2; 32]);
        let spend = async |proof| store.write(move |tx| spend(tx, &proof)).await.unwrap();
        assert!(spend(Proof::NotAsked).await);
        assert!(!spend(Proof::Step(8)).await, "there is none");
        store
            .write(move |tx| turn_on(tx, b"sealed", 7, &[one, other]))
            .await
            .unwrap();
        assert!(!spend(Proof::NotAsked).await);
        assert!(!spend(Proof::Step(7)).await, "it confirmed");
        assert!(spend(Proof::Step(9)).await);
        assert!(!spend(Proof::Step(9)).await && !spend(Proof::Step(8)).await);
        assert!(spend(Proof::Written(one)).await);
        assert!(!spend(Proof::Written(one)).await && !spend(Proof::Written([3; 32])).await);
        assert_eq!(store.read(left).await.unwrap(), 1);

        assert!(store.write(turn_off).await.unwrap());
        assert!(!store.write(turn_off).await.unwrap());
        assert!(!spend(Proof::Written(other)).await);
        assert!(store.read(find).await.unwrap().is_none());
        let told = store.read(|conn| log::newest(conn, 10)).await.unwrap();
        let told: Vec<_> = told.iter().filter_map(|event| event.data.clone()).collect();
        let expected = [
            r#"{"change":"on","left":2}"#,
            r#"{"change":"used","left":1}"#,
            r#"{"change":"off","left":0}"#,
        ];
        assert_eq!(told, expected);
    }
}
