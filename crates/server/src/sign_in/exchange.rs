//! Turns a code into an ID token.

use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    StandardRevocableToken, StandardTokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
    },
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{SignInConfig, SignInFailure};
use crate::identity::Metadata;

/// What the provider's answer holds besides an access token, which nobody needs here.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct IdTokenField {
    id_token: Option<String>,
}

impl ExtraTokenFields for IdTokenField {}

/// A client that can begin and finish.
pub(super) type CodeClient = Client<
    BasicErrorResponse,
    StandardTokenResponse<IdTokenField, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

pub(super) fn client(config: &SignInConfig, metadata: &Metadata, callback_url: &Url) -> CodeClient {
    let client = Client::new(ClientId::new(config.client_id.clone()))
        .set_auth_uri(AuthUrl::from_url(metadata.authorization_endpoint.clone()))
        .set_token_uri(TokenUrl::from_url(metadata.token_endpoint.clone()))
        .set_redirect_uri(RedirectUrl::from_url(callback_url.clone()))
        .set_auth_type(auth_type(metadata));
    match &config.client_secret {
        Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned())),
        None => client,
    }
}

/// The header, unless the provider knows only the form: what it says nothing of, it knows.
fn auth_type(metadata: &Metadata) -> AuthType {
    match &metadata.token_endpoint_auth_methods_supported {
        Some(known) if !known.iter().any(|it| it == "client_secret_basic") => AuthType::RequestBody,
        _ => AuthType::BasicAuth,
    }
}

/// The ID token that `code` stands for.
pub(super) async fn id_token(
    client: &CodeClient,
    http: &reqwest::Client,
    code: String,
    verifier: PkceCodeVerifier,
) -> Result<String, SignInFailure> {
    let send = |request| send(http.clone(), request);
    let request = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
    match request.request_async(&send).await {
        Ok(tokens) => tokens.extra_fields().id_token.clone().ok_or(SignInFailure::NoIdToken),
        Err(RequestTokenError::ServerResponse(err)) => Err(SignInFailure::of_provider(err.error().as_ref())),
        Err(RequestTokenError::Request(err)) => Err(SignInFailure::Unanswered(err)),
        // Their texts quote the answer, which may hold tokens.
        Err(RequestTokenError::Parse(..) | RequestTokenError::Other(_)) => Err(SignInFailure::Unavailable),
    }
}

async fn send(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let response = http.execute(request.try_into()?).await?;
    let status = response.status();
    let mut answer = HttpResponse::new(response.bytes().await?.to_vec());
    *answer.status_mut() = status;
    Ok(answer)
}
