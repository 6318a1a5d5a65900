//! The built pages, as files, with the headers that keep a browser within them.
//!
//! Not their making (`miniapp`). Every path no endpoint has ends here.

use super::error::{ApiError, wrong_method};
use crate::app::App;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use shenhai_protocol::ErrorCode;
use std::path::Path;
use std::sync::Arc;
use tower_http::services::ServeDir;

/// WebAssembly has to be compiled, Vant sets inline styles and carries its icons as a data: font, and a page keeps the
/// script of its Worker (blob:) to start it again after a new build took the place of its own; nothing comes from anywhere
/// else and nobody may frame a page.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; \
    connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// A year, as browsers' lists ask for.
const TLS_ONLY: &str = "max-age=31536000";

/// Photos and positions are for our own pages; the rest of what a device has is for nobody.
const PERMISSIONS: &str = "camera=(self), geolocation=(self), microphone=(self), accelerometer=(), \
    bluetooth=(), display-capture=(), gyroscope=(), magnetometer=(), midi=(), payment=(), serial=(), usb=()";

const UNBUILT: &str = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>申海</title>\
    <h1>页面尚未构建</h1><p>网关已在运行，但没有找到页面文件。请先构建页面，再以 <code>--web 目录</code> 启动网关；\
    开发时运行 <code>cargo xtask run</code> 会自动完成。</p>\
    <p>The gateway runs without its pages: build them and start it with <code>--web DIR</code>, or run \
    <code>cargo xtask run</code>.</p></html>";

pub(crate) async fn to_hotline() -> Redirect {
    Redirect::temporary("/hotline/")
}

/// A file of the built pages.
pub(crate) async fn serve(State(app): State<Arc<App>>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let is_page = ["/hotline", "/desk", "/cases"]
        .iter()
        .any(|page| path.starts_with(page));
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = match app.web_dir.as_deref().filter(|dir| dir.is_dir()) {
        _ if is_page && !reads => {
            let mut response = wrong_method();
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET,HEAD"));
            response
        }
        Some(dir) if reads => file(dir, request).await,
        None if is_page => (StatusCode::SERVICE_UNAVAILABLE, Html(UNBUILT)).into_response(),
        _ => nothing_here(),
    };
    guard(&path, &mut response);
    response
}

async fn file(dir: &Path, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    // The file service never looks at a body.
    let request = Request::from_parts(parts, Body::empty());
    let mut files = ServeDir::new(dir).precompressed_br().precompressed_gzip();
    match files.try_call(request).await {
        Ok(response) if response.status() == StatusCode::NOT_FOUND => nothing_here(),
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::warn!(%error, "a page file cannot be read");
            nothing_here()
        }
    }
}

pub(crate) fn nothing_here() -> Response {
    ApiError::new(ErrorCode::UnknownEndpoint, "no such path or method").into_response()
}

fn guard(path: &str, response: &mut Response) {
    let cache = match response.status() {
        // The build puts a digest of its content into the name of every file under /assets/.
        StatusCode::OK if path.starts_with("/assets/") => "public, max-age=31536000, immutable",
        _ => "no-cache",
    };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    if path.ends_with(".wasm") && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/wasm"));
    }
}

/// For every answer, pages or not.
pub(crate) fn guard_every_answer(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // Over plain HTTP browsers pass it over (RFC 6797 §8.1); it is for what comes through the TLS in front.
    headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TLS_ONLY));
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(PERMISSIONS),
    );
    // Whatever is not a page's file is somebody's data.
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}
