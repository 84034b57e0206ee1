//! Activations of stored weights and of logits.

use crate::api::call::{self, Call, Outcome, pg_fn};
use crate::api::casts::array_argument;
use crate::api::constructors::Counted;
use crate::engine::weights::activation::{Activation, of_logits, of_vector};

pg_fn! {
    /// max(0, x) of a vector.
    fn weights_relu(call) {
        vector(call, Activation::Relu)
    }

    /// max(0, x) of logits.
    fn weights_relu_logits(call) {
        logits(call, Activation::Relu)
    }

    /// ln(1 + relu(x + bias)) of a vector.
    fn weights_log_saturation(call) {
        vector(call, Activation::LogSaturation { bias: call.f32(1) })
    }

    /// ln(1 + relu(x + bias)) of logits.
    fn weights_log_saturation_logits(call) {
        logits(call, Activation::LogSaturation { bias: call.f32(1) })
    }

    /// ln(1 + ln(1 + relu(x))) of a vector.
    fn weights_double_log_saturation(call) {
        vector(call, Activation::DoubleLogSaturation)
    }

    /// ln(1 + ln(1 + relu(x))) of logits.
    fn weights_double_log_saturation_logits(call) {
        logits(call, Activation::DoubleLogSaturation)
    }

    /// ln(1 + e^x) of a vector.
    fn weights_softplus(call) {
        vector(call, Activation::Softplus)
    }

    /// ln(1 + e^x) of logits.
    fn weights_softplus_logits(call) {
        logits(call, Activation::Softplus)
    }

    /// ln(1 + softplus(x)) of a vector.
    fn weights_log_softplus(call) {
        vector(call, Activation::LogSoftplus)
    }

    /// ln(1 + softplus(x)) of logits.
    fn weights_log_softplus_logits(call) {
        logits(call, Activation::LogSoftplus)
    }
}

fn vector(call: Call, activation: Activation) -> Outcome {
    call::svec(&of_vector(call.svec(0).as_ref(), activation)?)
}

fn logits(call: Call, activation: Activation) -> Outcome {
    let list = array_argument::<f32>(call, 0, "logits")?;
    call::svec(&of_logits(Counted(list.iter(), list.len()), activation)?)
}
