//! Where each kind of secret may be: everything else is a leak.

use super::{search::Found, secrets::Kind};

/// Beginnings of places. A kind that is not named belongs nowhere.
const BELONGS: &[(Kind, &[&str])] = &[
    (Kind::HelpdeskToken, &["zammad/authorization"]),
    (Kind::SentryKey, &["sentry/head"]),
    (
        Kind::LinkCode,
        &[
            "answer/issueInvite/201/body",
            "answer/resendInvite/201/body",
            // The way back from signing in, and the owner's page.
            "answer/GET /join/{code}",
            "answer/POST /join/{code}",
            "answer/GET /login/callback/",
        ],
    ),
    (Kind::CallerToken, &["answer/GET /login/callback/303/head"]),
    (Kind::SignIn, &["answer/GET /login/303/head"]),
    (
        Kind::Csrf,
        &[
            "answer/GET /join/{code}/200/body",
            "answer/GET /admin/settings/200/body",
            "answer/POST /admin/settings/200/body",
            "answer/POST /admin/settings/422/body",
            "answer/GET /logout/200/body",
        ],
    ),
    (
        Kind::EndpointSecret,
        &["answer/addWebhookEndpoint/201/body", "answer/rotateWebhookEndpointSecret/200/body"],
    ),
    (
        Kind::EndpointAddress,
        &[
            "answer/addWebhookEndpoint/201/body",
            "answer/changeWebhookEndpoint/200/body",
            "answer/getWebhookEndpoint/200/body",
            "answer/listWebhookEndpoints/200/body",
            "answer/rotateWebhookEndpointSecret/200/body",
            "database/idempotency_keys.answer",
            "database/webhook_endpoints.url",
            "files",
            "receiver/head",
        ],
    ),
    (
        Kind::Email,
        &[
            // As whom one is signed in, on each page.
            "answer/GET /admin/settings/",
            "answer/GET /join/{code}",
            "answer/POST /admin/settings/",
            "answer/POST /join/{code}",
            "answer/acceptInvite/200/body",
            "answer/getMe/200/body",
            "answer/getZammadUser/200/body",
            "answer/linkZammadUser/200/body",
            "answer/listMembers/200/body",
            "answer/putUser/200/body",
            "database/users.email",
            "database/users.verified_email",
            "database/zammad_users.email",
            "files",
        ],
    ),
    (
        Kind::Name,
        &[
            "answer/GET /admin/settings/",
            "answer/GET /join/{code}",
            "answer/POST /admin/settings/",
            "answer/POST /join/{code}",
            "answer/acceptInvite/200/body",
            "answer/getMe/200/body",
            "answer/linkZammadUser/200/body",
            "answer/listMembers/200/body",
            "answer/previewInvite/200/body",
            "answer/putUser/200/body",
            "database/users.name",
            "files",
        ],
    ),
    (Kind::UserId, &["answer/", "database/", "files", "receiver/body"]),
    (
        Kind::Recipient,
        &[
            "answer/issueInvite/201/body",
            "answer/listEvents/200/body",
            "answer/listInvites/200/body",
            "answer/listPlanEvents/200/body",
            "answer/resendInvite/201/body",
            "database/events.data",
            "database/idempotency_keys.answer",
            "database/invites.recipient",
            "files",
            "receiver/body",
        ],
    ),
    (
        Kind::Customer,
        &[
            "answer/getZammadUser/200/body",
            "database/zammad_deliveries.body",
            "database/zammad_users.",
            "files",
        ],
    ),
];

/// Where a marker is found by a search that finds anything.
pub(super) const MARKED: &[&str] =
    &["answer/", "database/", "log", "receiver/body", "sentry/items", "spans", "zammad/body"];

/// Whether what was found may be there.
pub(super) fn belongs(found: &Found) -> bool {
    let allowed = BELONGS.iter().filter(|(kind, _)| *kind == found.kind).flat_map(|(_, places)| *places);
    found.kind == Kind::Marker || allowed.into_iter().any(|it| found.place.starts_with(it))
}

/// What is allowed, and was found nowhere: it allows too much, or nobody looked there.
pub(super) fn unused(found: &[Found], has_files: bool, signs_in: bool) -> Vec<(Kind, &'static str)> {
    let marks = MARKED.iter().map(|it| (Kind::Marker, *it));
    let all = BELONGS.iter().flat_map(|(kind, places)| places.iter().map(|it| (*kind, *it))).chain(marks);
    let is_used =
        |(kind, place): &(Kind, &str)| found.iter().any(|it| it.kind == *kind && it.place.starts_with(place));
    let is_there = |(_, place): &(Kind, &str)| {
        (has_files || *place != "files") && (signs_in || !place.starts_with("answer/GET /log"))
    };
    all.filter(is_there).filter(|it| !is_used(it)).collect()
}
