//! Owns the kinds of the demonstration, as a program that uses the store would declare them.

use causeway::EventPayload;
use causeway::coordinate::Coordinate;
use causeway::store::{AppendOptions, AppendReceipt, Open, Store, StoreError};
use serde::{Deserialize, Serialize};

/// Declares payload types and the enum of all of them.
macro_rules! kinds {
    ($($(#[$about:meta])* $category:literal $type_id:literal $name:ident { $($field:ident: $type:ty),* })*) => {
        $(
            $(#[$about])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EventPayload)]
            #[causeway(category = $category, type_id = $type_id)]
            pub(super) struct $name { $(pub(super) $field: $type),* }

            impl From<$name> for Payload {
                fn from(payload: $name) -> Self {
                    Self::$name(payload)
                }
            }
        )*

        /// A payload of any of these kinds.
        #[derive(Clone, Debug, PartialEq)]
        pub(super) enum Payload { $($name($name)),* }

        impl Payload {
            /// Appends it.
            pub(super) fn append(
                &self,
                store: &Store<Open>,
                coordinate: &Coordinate,
                options: AppendOptions,
            ) -> Result<AppendReceipt, StoreError> {
                match self {
                    $(Self::$name(payload) => store.append_typed_with_options(coordinate, payload, options)),*
                }
            }
        }
    };
}

kinds! {
    0x1 0x001 OrderPlaced { customer: String, lines: Vec<OrderLine>, total_cents: u64 }
    0x1 0x003 OrderCompleted { total_cents: u64 }
    0x1 0x004 OrderCancelled { reason: String }
    0x2 0x001 PaymentRequested { order: String, amount_cents: u64, method: String }
    0x2 0x002 PaymentCaptured { order: String, amount_cents: u64 }
    0x2 0x003 PaymentFailed { order: String, reason: String }
    0x3 0x001 StockReserved { order: String, quantity: u32, left: u32 }
    0x4 0x001 ParcelShipped { order: String, carrier: String, weight_grams: u32 }
    0x4 0x002 ParcelDelivered { order: String, signed_by: String }
    0x5 0x001 RunStarted { task: String, model: String }
    0x5 0x002 ToolCalled { tool: String, arguments: String }
    0x5 0x003 ToolReturned { tool: String, ok: bool, bytes: u32 }
    0x5 0x004 RunFinished { answer: String, tool_calls: u32, tokens: u32, cost_cents: u32 }
    0x6 0x001 CustomerRegistered { name: String, country: String }
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct OrderLine {
    pub(super) sku: String,
    pub(super) quantity: u32,
    pub(super) cents: u64,
}
