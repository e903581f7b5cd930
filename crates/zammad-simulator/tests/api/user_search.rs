//! Searching users.

use family_plan_zammad_simulator::{AGENT_TOKEN, Config, NewUser, SearchBackend, ZammadVersion};
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::json;
use time::Duration;

use crate::helpdesk::{Helpdesk, Reply};

async fn search(desk: &Helpdesk, parameters: &[(&str, &str)]) -> Reply {
    let request = desk.request(Method::GET, "users/search").query(parameters);
    desk.send(request.header(AUTHORIZATION, format!("Token token={AGENT_TOKEN}"))).await
}

async fn found(desk: &Helpdesk, query: &str) -> Vec<u64> {
    search(desk, &[("query", query), ("sort_by", "id"), ("order_by", "asc")]).await.ids()
}

#[tokio::test]
async fn elasticsearch_finds_words_and_fields() {
    let desk = Helpdesk::start();

    assert_eq!(found(&desk, "Sam").await, [11, 12]);
    assert_eq!(found(&desk, "sam lee").await, [11]);
    assert_eq!(found(&desk, "sam.lee@example.net").await, [11]);
    assert_eq!(found(&desk, "email:\"nora.brandt@example.org\"").await, [2]);
    assert_eq!(found(&desk, "nobody").await, Vec::<u64>::new());
}

#[tokio::test]
async fn the_database_finds_parts_and_knows_no_fields() {
    let desk = Helpdesk::start_with(Config::default().search_backend(SearchBackend::Database));

    assert_eq!(found(&desk, "amir").await, [12]);
    assert_eq!(found(&desk, "*AM.LEE*").await, [11]);
    assert_eq!(found(&desk, "email:sam.lee@example.net").await, Vec::<u64>::new());
}

#[tokio::test]
async fn the_system_user_is_never_found() {
    let desk = Helpdesk::start();

    assert_eq!(found(&desk, "").await, (2..=14).collect::<Vec<u64>>());
    assert_eq!(found(&desk, "*").await, (2..=14).collect::<Vec<u64>>());
}

#[tokio::test]
async fn active_users_and_late_changes_come_first() {
    let desk = Helpdesk::start();
    desk.simulator.edit_user(7, |user| user.lastname.push('!'));
    let ids = search(&desk, &[("query", "*")]).await.ids();

    assert_eq!((ids.first(), ids.last()), (Some(&7), Some(&10)));
}

#[tokio::test]
async fn a_page_has_50_users_and_at_most_200() {
    let desk = Helpdesk::start();
    for number in 0..250 {
        desk.simulator.add_user(NewUser::customer(format!("member{number}@example.org")));
    }

    assert_eq!(search(&desk, &[("query", "*")]).await.ids().len(), 50);
    assert_eq!(search(&desk, &[("query", "*"), ("per_page", "500")]).await.ids().len(), 200);
    assert_eq!(search(&desk, &[("query", "*"), ("per_page", "200"), ("page", "2")]).await.ids().len(), 63);
}

#[tokio::test]
async fn a_lagging_index_shows_changes_later() {
    let desk = Helpdesk::start_with(Config::default().search_backend(SearchBackend::LaggingElasticsearch));
    desk.simulator.add_user(NewUser::customer("zoe@example.org"));

    assert_eq!(found(&desk, "zoe").await, Vec::<u64>::new());
    desk.simulator.refresh_search_index();
    assert_eq!(found(&desk, "zoe").await, [15]);
}

#[tokio::test]
async fn a_broken_elasticsearch_is_an_empty_list() {
    let desk = Helpdesk::start_with(Config::default().search_backend(SearchBackend::BrokenElasticsearch));
    let reply = search(&desk, &[("query", "sam")]).await;

    assert_eq!((reply.status, reply.json()), (200, json!([])));
}

#[tokio::test]
async fn conditions_look_into_the_database() {
    let desk = Helpdesk::start_with(Config::default().search_backend(SearchBackend::BrokenElasticsearch));
    desk.clock.advance(Duration::DAY);
    desk.simulator.edit_user(5, |user| user.lastname.push('!'));
    let email = json!({"condition": {"user.email": {"operator": "is", "value": ["sam.lee@example.net"]}}});
    let since = json!({"condition": {
        "user.updated_at": {"operator": "after (absolute)", "value": "2026-01-11T12:00:00Z"},
    }});

    assert_eq!(desk.agent_post("users/search", &email).await.ids(), [11]);
    assert_eq!(desk.agent_post("users/search", &since).await.ids(), [5]);
}

#[tokio::test]
async fn changes_can_be_pulled_by_date() {
    let desk = Helpdesk::start();
    desk.clock.advance(Duration::DAY);
    desk.simulator.edit_user(8, |user| user.lastname.push('!'));

    assert_eq!(found(&desk, "updated_at:>=2026-01-11").await, [8]);
    assert_eq!(found(&desk, "updated_at:>2026-01-10").await, [8]);
    assert_eq!(found(&desk, "updated_at:[\"2026-01-11T12:00:00Z\" TO *]").await, [8]);
    assert_eq!(found(&desk, "updated_at:>=2026-01-11T12\\:00\\:00Z").await, [8]);
    assert_eq!(found(&desk, "updated_at:{\"2026-01-11T12:00:00.000Z\" TO *}").await, Vec::<u64>::new());
}

#[tokio::test]
async fn a_query_by_date_finds_nothing_where_it_cannot_be_read() {
    let text = "updated_at:[\"2020-01-01T00:00:00Z\" TO *]";
    let backends = [SearchBackend::Database, SearchBackend::BrokenElasticsearch];

    for backend in backends {
        let desk = Helpdesk::start_with(Config::default().search_backend(backend));
        assert_eq!(found(&desk, text).await, Vec::<u64>::new());
    }
    let desk = Helpdesk::start();
    assert_eq!(found(&desk, text).await.len(), 13);
    // A colon that is neither quoted nor escaped is an error of Elasticsearch, and thus nothing.
    assert_eq!(found(&desk, "updated_at:>=2020-01-01T00:00:00Z").await, Vec::<u64>::new());
}

#[tokio::test]
async fn dates_of_a_query_are_in_the_zone_of_the_helpdesk() {
    let desk = Helpdesk::start_with(Config::default().timezone_default("Asia/Tokyo"));
    desk.clock.advance(Duration::hours(4));
    desk.simulator.edit_user(8, |user| user.lastname.push('!'));

    assert_eq!(found(&desk, "updated_at:>=2026-01-11").await, [8]);
}

#[tokio::test]
async fn a_condition_means_nothing_before_6_5() {
    let desk = Helpdesk::start_with(Config::default().version(ZammadVersion::V6_4));
    let email = json!({"condition": {"user.email": {"operator": "is", "value": ["sam.lee@example.net"]}}});

    assert_eq!(desk.agent_post("users/search", &email).await.ids().len(), 13);
}

#[tokio::test]
async fn the_index_says_who_and_the_database_what() {
    let desk = Helpdesk::start_with(Config::default().search_backend(SearchBackend::LaggingElasticsearch));
    desk.simulator.edit_user(11, |user| user.lastname = "King".to_owned());

    assert_eq!(search(&desk, &[("query", "sam lee")]).await.json()[0]["lastname"], "King");
    desk.simulator.delete_user(11);
    assert_eq!(found(&desk, "sam lee").await, Vec::<u64>::new());
}

#[tokio::test]
async fn other_forms_of_the_result() {
    let desk = Helpdesk::start();
    let full = search(&desk, &[("query", "sam lee"), ("full", "true")]).await.json();

    assert_eq!((&full["record_ids"], &full["total_count"]), (&json!([11]), &json!(1)));
    assert_eq!(full["assets"]["User"]["11"]["lastname"], "Lee");
    assert_eq!(
        search(&desk, &[("query", "sam lee"), ("expand", "true")]).await.json()[0]["roles"],
        json!(["Customer"])
    );
    let count = search(&desk, &[("query", "sam"), ("only_total_count", "true")]).await.json();
    assert_eq!(count, json!({"total_count": 2}));
    let label = json!([{"id": 11, "label": "Sam Lee <sam.lee@example.net>", "value": "sam.lee@example.net"}]);
    assert_eq!(search(&desk, &[("query", "sam lee"), ("label", "true")]).await.json(), label);
    assert_eq!(search(&desk, &[("term", "sam lee")]).await.json()[0]["inactive"], false);
    assert_eq!(search(&desk, &[("ids[]", "5"), ("ids[]", "6"), ("sort_by", "login")]).await.ids(), [5, 6]);
    assert_eq!(search(&desk, &[("role_ids[]", "1")]).await.ids(), [3]);
}

#[tokio::test]
async fn an_unknown_sort_column_is_500() {
    let desk = Helpdesk::start();

    for parameters in [[("query", "*"), ("sort_by", "shoe_size")], [("query", "*"), ("order_by", "up")]] {
        let reply = search(&desk, &parameters).await;
        assert_eq!((reply.status, reply.is_masked()), (500, true), "{parameters:?}");
    }
}

#[tokio::test]
async fn customers_may_not_search() {
    let desk = Helpdesk::start();
    let (_, token) = desk.customer();
    let reply = desk.get_as(&token, "users/search?query=sam").await;

    assert_eq!((reply.status, reply.error().as_str()), (403, "Token authorization failed."));
}
