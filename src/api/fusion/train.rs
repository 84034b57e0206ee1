//! Models for the methods that learn.

use super::error::{OrRaise, collected};
use super::ids::{Id, Text, Uuid};
use super::topics::Given;
use crate::api::call::{self, Call, Outcome, interrupts, pg_fn};
use crate::api::casts::jsonb_text;
use crate::api::encoders::text;
use crate::engine::fusion::{Topic, train};

pg_fn! {
    /// train_fusion(method, ranking[], judgements[], options)
    fn fusion_train_bigint(call) {
        learn::<i64>(call)
    }

    /// The same of uuids.
    fn fusion_train_uuid(call) {
        learn::<Uuid>(call)
    }

    /// The same of text.
    fn fusion_train_text(call) {
        learn::<Text>(call)
    }
}

/// A document is relevant from grade 1 on.
const RELEVANT: i32 = 1;

fn learn<I: Id>(call: Call) -> Outcome {
    let (Some(_), Some(rankings), Some(judgements)) = (call.datum(0), call.datum(1), call.datum(2)) else {
        return call.null();
    };
    let method = text::argument(call, 0);
    // SAFETY: declared as arrays of rankings and judgements of this id type.
    let given = unsafe { Given::<I>::read(rankings, judgements) }.or_raise();
    let options = call.datum(3).map(|_| text::to_utf8(jsonb_text(&call, 3)));
    let topics = given.numbers().or_raise();
    let relevant = collected(topics.len(), topics.iter().map(|topic| topic.relevant(RELEVANT).or_raise())).or_raise();
    let topics =
        topics.iter().zip(&relevant).map(|(topic, relevant)| Topic { lists: topic.lists().or_raise(), relevant });
    let topics = collected(relevant.len(), topics).or_raise();
    let model = train(&method, &topics, options.as_deref(), &mut interrupts).or_raise();
    call::jsonb(&model)
}
