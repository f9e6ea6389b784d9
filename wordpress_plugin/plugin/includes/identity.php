<?php
/**
 * Who a signed-in user is, for the chat: a REST route signs it when the chat asks, after the page
 * was loaded. Nothing of it is ever printed into a page, so that no page cache can keep it.
 *
 * A cookie that scripts can read tells the browser that somebody is signed in, and whether it is
 * still the same person. It proves nothing: only the route, which looks at WordPress's own cookie,
 * signs. The route takes POST from pages of this very site only, because WordPress's REST API lets
 * pages of any origin read its answers.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

/**
 * Registers the route.
 */
function parlance_embed_register_route() {
	register_rest_route(
		'parlance-embed/v1',
		'/identity',
		array(
			'methods'             => 'POST',
			'callback'            => 'parlance_embed_answer_identity',
			'permission_callback' => 'parlance_embed_is_own_page',
		)
	);
}

/**
 * Whether the request comes from a page of this site. Browsers send Origin with every POST.
 *
 * @return bool
 */
function parlance_embed_is_own_page() {
	$origin = isset( $_SERVER['HTTP_ORIGIN'] ) ? esc_url_raw( wp_unslash( $_SERVER['HTTP_ORIGIN'] ) ) : '';
	$own    = array( parlance_embed_origin( home_url() ), parlance_embed_origin( site_url() ) );
	return '' !== $origin && in_array( parlance_embed_origin( $origin ), $own, true );
}

/**
 * The origin of an address.
 *
 * @param string $url The address.
 * @return string
 */
function parlance_embed_origin( $url ) {
	$parts = wp_parse_url( strtolower( $url ) );
	if ( empty( $parts['scheme'] ) || empty( $parts['host'] ) ) {
		return '';
	}
	return $parts['scheme'] . '://' . $parts['host'] . ( isset( $parts['port'] ) ? ':' . $parts['port'] : '' );
}

/**
 * Tells whether the chat shows for whoever asks, and signs who it is.
 *
 * @return WP_REST_Response
 */
function parlance_embed_answer_identity() {
	$user_id  = (int) wp_validate_auth_cookie( '', 'logged_in' );
	$user     = $user_id ? get_userdata( $user_id ) : false;
	$response = new WP_REST_Response(
		array(
			'shows' => parlance_embed_audience_has( $user ),
			'token' => $user && parlance_embed_settings( 'identify' ) ? parlance_embed_identity_token( $user ) : null,
		)
	);
	$response->header( 'Cache-Control', 'no-store, private' );
	$response->header( 'Vary', 'Cookie, Origin' );
	return $response;
}

/**
 * Whether the chat is meant for a user.
 *
 * @param WP_User|false $user Nobody: a visitor.
 * @return bool
 */
function parlance_embed_audience_has( $user ) {
	$settings = parlance_embed_settings();
	switch ( $settings['audience'] ) {
		case 'logged_in':
			return (bool) $user;
		case 'logged_out':
			return ! $user;
		case 'roles':
			return $user && array_intersect( $settings['roles'], $user->roles );
		default:
			return true;
	}
}

/**
 * The identity of a user as a JSON Web Token (RFC 7519), signed with HS256, good for ten minutes.
 *
 * @param WP_User $user Who.
 * @return string|null Null while there is nothing to sign with.
 */
function parlance_embed_identity_token( $user ) {
	$connection = parlance_embed_connection();
	$secret     = parlance_embed_signing_secret();
	if ( '' === $secret || ! isset( $connection['client_id'], $connection['key_id'] ) ) {
		return null;
	}
	$now    = time();
	$claims = array(
		'client_id' => $connection['client_id'],
		'user_id'   => parlance_embed_user_id( $user->ID ),
		'iat'       => $now,
		'exp'       => $now + 10 * MINUTE_IN_SECONDS,
	);
	if ( parlance_embed_settings( 'send_email' ) ) {
		$claims['user_email'] = $user->user_email;
	}
	$header = array(
		'alg' => 'HS256',
		'kid' => $connection['key_id'],
		'typ' => 'JWT',
	);
	$signed = parlance_embed_base64url( wp_json_encode( $header ) ) . '.' . parlance_embed_base64url( wp_json_encode( $claims ) );
	return $signed . '.' . parlance_embed_base64url( hash_hmac( 'sha256', $signed, $secret, true ) );
}

/**
 * How the chat's server knows a user: an id that says nothing of the one in WordPress, and that no
 * other site's user has.
 *
 * @param int $user_id In WordPress.
 * @return string
 */
function parlance_embed_user_id( $user_id ) {
	return 'wp_' . substr( hash_hmac( 'sha256', 'user/' . $user_id, get_option( 'parlance_embed_site', '' ) ), 0, 32 );
}

/**
 * Base64 for web addresses, without padding (RFC 4648, section 5).
 *
 * @param string $text Any bytes.
 * @return string
 */
function parlance_embed_base64url( $text ) {
	return rtrim( strtr( base64_encode( $text ), '+/', '-_' ), '=' ); // phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode -- the encoding of JSON Web Tokens.
}

/**
 * The name of the cookie that hints at who is signed in.
 *
 * @return string
 */
function parlance_embed_hint_name() {
	return 'parlance_embed_' . get_current_blog_id();
}

/**
 * What the cookie holds for a user: another id for each, that leads back to nobody.
 *
 * @param int $user_id In WordPress.
 * @return string
 */
function parlance_embed_hint( $user_id ) {
	return substr( hash_hmac( 'sha256', 'hint/' . $user_id, get_option( 'parlance_embed_site', '' ) ), 0, 24 );
}

/**
 * Sets the hint when somebody signs in.
 *
 * @param string $cookie     WordPress's own.
 * @param int    $expire     When it ends in the browser; 0: with the browser.
 * @param int    $expiration When it ends on the server.
 * @param int    $user_id    Who signs in.
 */
function parlance_embed_set_hint( $cookie, $expire, $expiration, $user_id ) {
	if ( parlance_embed_is_connected() ) {
		parlance_embed_send_hint( parlance_embed_hint( $user_id ), (int) $expire );
	}
}

/**
 * Sets the hint for somebody who was signed in before the plugin was connected.
 */
function parlance_embed_refresh_hint() {
	if ( ! parlance_embed_is_connected() || wp_doing_ajax() || wp_doing_cron() || headers_sent() ) {
		return;
	}
	$user_id = get_current_user_id();
	$name    = parlance_embed_hint_name();
	$given   = isset( $_COOKIE[ $name ] ) ? sanitize_key( wp_unslash( $_COOKIE[ $name ] ) ) : '';
	if ( $user_id && parlance_embed_hint( $user_id ) !== $given ) {
		parlance_embed_send_hint( parlance_embed_hint( $user_id ), 0 );
	}
}

/**
 * Takes the hint away when somebody signs out.
 */
function parlance_embed_clear_hint() {
	parlance_embed_send_hint( '', time() - YEAR_IN_SECONDS );
}

/**
 * Sends the cookie; scripts of this site may read it.
 *
 * @param string $value  What it holds.
 * @param int    $expire When it ends; 0: with the browser.
 */
function parlance_embed_send_hint( $value, $expire ) {
	if ( headers_sent() ) {
		return;
	}
	setcookie(
		parlance_embed_hint_name(),
		$value,
		array(
			'expires'  => $expire,
			'path'     => COOKIEPATH ? COOKIEPATH : '/',
			'domain'   => COOKIE_DOMAIN ? COOKIE_DOMAIN : '',
			'secure'   => is_ssl(),
			'httponly' => false,
			'samesite' => 'Lax',
		)
	);
}
