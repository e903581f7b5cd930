//! Endpoints that are told of events.

use family_plan_domain::{
    Claimed, DisableReason, Endpoint, EndpointUrl, EventFilter, EventKind, Remark, SealedSecret,
    ports::{Ids, SaveError, SaveOnceError},
};
use time::Duration;

use super::{
    Stores,
    idempotency::{ANN, answer, answered, lease, request},
};
use crate::{START, SequentialIds};

/// One that is told of everything.
pub(super) fn endpoint(ids: &SequentialIds) -> Endpoint {
    let url = EndpointUrl::new("https://hooks.example.com/family?a=b").unwrap();
    Endpoint::new(ids.next().into(), url, SealedSecret(vec![0, 1, 255]), START)
}

pub async fn there_are_no_endpoints_at_first(stores: Stores) {
    let id = SequentialIds::default().next().into();
    assert_eq!(stores.endpoints.list().await.unwrap(), []);
    assert_eq!(stores.endpoints.find(id).await.unwrap(), None);
    assert!(!stores.endpoints.remove(id).await.unwrap());
}

pub async fn every_field_of_an_endpoint_comes_back(stores: Stores) {
    let ids = SequentialIds::default();
    let plain = endpoint(&ids);
    let mut full = Endpoint {
        url: EndpointUrl::new(&format!("https://{}", "é".repeat(1992))).unwrap(),
        description: Some(Remark::new(&"🎈".repeat(500)).unwrap()),
        filter: EventFilter::of(EventKind::ALL),
        ..endpoint(&ids)
    };
    full.rotate(SealedSecret(vec![7; 100]), START + Duration::MILLISECOND);
    for endpoint in [&plain, &full] {
        stores.endpoints.add(endpoint.clone()).await.unwrap();
        assert_eq!(stores.endpoints.find(endpoint.id).await.unwrap().as_ref(), Some(endpoint));
    }
    full.filter = EventFilter::of(&[EventKind::MemberJoined]);
    full.disable(DisableReason::Exhausted, START + Duration::HOUR);
    stores.endpoints.save(full.clone()).await.unwrap();
    full.revision += 1;
    assert_eq!(stores.endpoints.list().await.unwrap(), [plain, full]);
}

pub async fn an_endpoint_is_replaced_once_per_revision(stores: Stores) {
    let endpoint = endpoint(&SequentialIds::default());
    stores.endpoints.add(endpoint.clone()).await.unwrap();
    stores.endpoints.save(endpoint.clone()).await.unwrap();
    assert!(matches!(stores.endpoints.save(endpoint.clone()).await, Err(SaveError::Stale)));
    let next = Endpoint { revision: 1, ..endpoint };
    stores.endpoints.save(next).await.unwrap();
}

pub async fn an_endpoint_that_was_removed_is_gone(stores: Stores) {
    let endpoint = endpoint(&SequentialIds::default());
    stores.endpoints.add(endpoint.clone()).await.unwrap();
    assert!(stores.endpoints.remove(endpoint.id).await.unwrap());
    assert!(!stores.endpoints.remove(endpoint.id).await.unwrap());
    assert_eq!(stores.endpoints.list().await.unwrap(), []);
    assert!(matches!(stores.endpoints.save(endpoint).await, Err(SaveError::Stale)));
}

pub async fn when_an_endpoint_took_an_event_is_known_to_a_minute(stores: Stores) {
    let endpoint = endpoint(&SequentialIds::default());
    let endpoints = &*stores.endpoints;
    endpoints.add(endpoint.clone()).await.unwrap();
    let second = Duration::SECOND;
    for (after, known) in [(0, 0), (1, 0), (59, 0), (60, 60), (30, 60), (121, 121)] {
        endpoints.note_success(endpoint.id, START + second * after).await.unwrap();
        let found = endpoints.find(endpoint.id).await.unwrap().unwrap();
        assert_eq!(found.last_success_at, Some(START + second * known), "{after}");
    }
    // Whoever replaces the rest does not know it.
    endpoints.save(endpoint.clone()).await.unwrap();
    assert!(endpoints.find(endpoint.id).await.unwrap().unwrap().last_success_at.is_some());
}

/// Claims the request of that key.
async fn claim(stores: &Stores, key: u8) -> Claimed {
    let lease = lease(ANN, START + Duration::MINUTE);
    stores.idempotency_keys.claim(request(key, 1), lease, START).await.unwrap()
}

pub async fn an_endpoint_is_added_together_with_the_answer_or_not_at_all(stores: Stores) {
    let endpoint = endpoint(&SequentialIds::default());
    assert_eq!(claim(&stores, 1).await, Claimed::Fresh);
    let added = stores.endpoints.add_once(endpoint.clone(), answer(1, ANN + 1, "not mine")).await;
    assert!(matches!(added, Err(SaveOnceError::Superseded)), "{added:?}");
    assert_eq!(stores.endpoints.list().await.unwrap(), []);
    assert_eq!(claim(&stores, 1).await, Claimed::Running);

    stores.endpoints.add_once(endpoint.clone(), answer(1, ANN, "added")).await.unwrap();
    assert_eq!(stores.endpoints.list().await.unwrap(), [endpoint]);
    assert_eq!(claim(&stores, 1).await, answered("added"));
}

pub async fn an_endpoint_is_replaced_together_with_the_answer_or_not_at_all(stores: Stores) {
    let before = endpoint(&SequentialIds::default());
    stores.endpoints.add(before.clone()).await.unwrap();
    let mut rotated = before.clone();
    rotated.rotate(SealedSecret(vec![7]), START);
    assert_eq!(claim(&stores, 1).await, Claimed::Fresh);
    let saved = stores.endpoints.save_once(rotated.clone(), answer(1, ANN + 1, "not mine")).await;
    assert!(matches!(saved, Err(SaveOnceError::Superseded)), "{saved:?}");
    let stale = Endpoint { revision: 7, ..rotated.clone() };
    let saved = stores.endpoints.save_once(stale, answer(1, ANN, "stale")).await;
    assert!(matches!(saved, Err(SaveOnceError::Save(SaveError::Stale))), "{saved:?}");
    assert_eq!(stores.endpoints.find(before.id).await.unwrap(), Some(before.clone()));
    assert_eq!(claim(&stores, 1).await, Claimed::Running);

    stores.endpoints.save_once(rotated.clone(), answer(1, ANN, "rotated")).await.unwrap();
    rotated.revision += 1;
    assert_eq!(stores.endpoints.find(before.id).await.unwrap(), Some(rotated));
    assert_eq!(claim(&stores, 1).await, answered("rotated"));
}
