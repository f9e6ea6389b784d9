<?php
/**
 * The connection with the server: its keys, getting them for a one-time code, and giving them back.
 *
 * The keys stand in an option that WordPress does not load with every page, or in constants of
 * wp-config.php: PARLANCE_EMBED_API_KEY and PARLANCE_EMBED_SIGNING_SECRET. They are never printed.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

/**
 * What was agreed with the server; empty before an administrator connects.
 *
 * @return array With server_url, client_id, chatbot_id, api_key, key_id, secret.
 */
function parlance_embed_connection() {
	$stored = get_option( 'parlance_embed_connection' );
	return is_array( $stored ) ? $stored : array();
}

/**
 * Whether an administrator has connected this site. A small option that comes with every page.
 *
 * @return bool
 */
function parlance_embed_is_connected() {
	return '' !== get_option( 'parlance_embed_connected_to', '' );
}

/**
 * The API key; an empty text when there is none.
 *
 * @return string
 */
function parlance_embed_api_key() {
	if ( defined( 'PARLANCE_EMBED_API_KEY' ) ) {
		return PARLANCE_EMBED_API_KEY;
	}
	$connection = parlance_embed_connection();
	return isset( $connection['api_key'] ) ? $connection['api_key'] : '';
}

/**
 * What visitors' identity is signed with; an empty text when there is nothing.
 *
 * @return string
 */
function parlance_embed_signing_secret() {
	if ( defined( 'PARLANCE_EMBED_SIGNING_SECRET' ) ) {
		return PARLANCE_EMBED_SIGNING_SECRET;
	}
	$connection = parlance_embed_connection();
	return isset( $connection['secret'] ) ? $connection['secret'] : '';
}

/**
 * The address of a server as somebody typed it; an empty text for none that can be asked.
 *
 * @param string $given What was typed.
 * @return string
 */
function parlance_embed_clean_server( $given ) {
	if ( ! preg_match( '#^https?://[^\s?\#@]+$#i', trim( $given ) ) ) {
		return '';
	}
	$url   = untrailingslashit( esc_url_raw( trim( $given ), array( 'http', 'https' ) ) );
	$parts = wp_parse_url( $url );
	return empty( $parts['host'] ) ? '' : $url;
}

/**
 * Gives the code to the server and keeps what comes for it.
 *
 * @param string $server Where to.
 * @param string $code   What the administrator pasted.
 * @return array|WP_Error What the server says of the chatbot.
 */
function parlance_embed_connect( $server, $code ) {
	$server = parlance_embed_clean_server( $server );
	if ( '' === $server ) {
		return new WP_Error( 'parlance_embed_address', __( 'This is no server address. It looks like https://chat.example.com.', 'parlance-embed' ) );
	}
	if ( ! preg_match( '/^[A-Za-z0-9_-]{20,200}$/', $code ) ) {
		return new WP_Error( 'parlance_embed_code', __( 'This is no connection code. Copy it whole; it begins with plc_.', 'parlance-embed' ) );
	}
	$asked = array(
		'code'    => $code,
		'siteUrl' => home_url(),
	);
	$url   = $server . '/plugins/' . rawurlencode( parlance_embed_value( 'chatbot' ) ) . '/connect';
	$given = parlance_embed_ask_server( 'POST', $url, $asked );
	if ( is_wp_error( $given ) ) {
		return $given;
	}
	if ( ! parlance_embed_is_whole( $given ) ) {
		/* translators: %s: the name of a server. */
		$text = __( '%s answers, but not like a Parlance server. Check the server address.', 'parlance-embed' );
		return new WP_Error( 'parlance_embed_not_ours', sprintf( $text, parlance_embed_host( $server ) ) );
	}
	parlance_embed_keep_connection( $server, $given );
	return $given['chatbot'];
}

/**
 * Whether the server gave everything.
 *
 * @param array $given What it gave.
 * @return bool
 */
function parlance_embed_is_whole( $given ) {
	foreach ( array( 'apiKey', 'clientId', 'signingKeyId', 'signingSecret' ) as $name ) {
		if ( empty( $given[ $name ] ) || ! is_string( $given[ $name ] ) ) {
			return false;
		}
	}
	return isset( $given['chatbot']['id'], $given['chatbot']['name'] );
}

/**
 * Keeps a connection; a site has one.
 *
 * @param string $server Where the server is.
 * @param array  $given  What it gave.
 */
function parlance_embed_keep_connection( $server, $given ) {
	parlance_embed_end_connection();
	$kept = array(
		'server_url' => $server,
		'client_id'  => $given['clientId'],
		'chatbot_id' => $given['chatbot']['id'],
		'api_key'    => $given['apiKey'],
		'key_id'     => $given['signingKeyId'],
		'secret'     => $given['signingSecret'],
	);
	update_option( 'parlance_embed_connection', $kept, false );
	update_option( 'parlance_embed_connected_to', $server, true );
	if ( '' === get_option( 'parlance_embed_site', '' ) ) {
		update_option( 'parlance_embed_site', wp_generate_password( 40, false ), true );
	}
	parlance_embed_send_all( parlance_embed_sent_types() );
}

/**
 * Forgets the keys, and lets the server end them if it can be reached.
 */
function parlance_embed_end_connection() {
	$connection = parlance_embed_connection();
	if ( isset( $connection['api_key'] ) ) {
		parlance_embed_ask_server( 'DELETE', parlance_embed_connection_url(), null, $connection['api_key'] );
	}
	delete_option( 'parlance_embed_connection' );
	delete_option( 'parlance_embed_connected_to' );
	delete_option( 'parlance_embed_source' );
	parlance_embed_stop_sending();
}

/**
 * Asks the server how the connection is.
 *
 * @return array|WP_Error What it says of the chatbot.
 */
function parlance_embed_test_connection() {
	$url  = add_query_arg( 'site', rawurlencode( home_url() ), parlance_embed_connection_url() );
	$said = parlance_embed_ask_server( 'GET', $url, null, parlance_embed_api_key() );
	return is_wp_error( $said ) || ! isset( $said['chatbot'] ) ? $said : $said['chatbot'];
}

/**
 * Where the server tells about this connection.
 *
 * @return string
 */
function parlance_embed_connection_url() {
	return parlance_embed_server_url() . '/plugins/' . rawurlencode( parlance_embed_value( 'chatbot' ) ) . '/connection';
}
