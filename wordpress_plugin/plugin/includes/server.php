<?php
/**
 * Speaking with the server, and saying in a sentence why it did not work.
 *
 * Nothing here runs while a page is made for a visitor, so that a server that is down or slow never
 * slows the site.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

/**
 * The server's address, without a slash at the end.
 *
 * @return string
 */
function parlance_embed_server_url() {
	$connection = parlance_embed_connection();
	$given      = isset( $connection['server_url'] ) ? $connection['server_url'] : parlance_embed_value( 'serverUrl' );
	return untrailingslashit( $given );
}

/**
 * Asks the server for something.
 *
 * @param string      $method GET, POST or DELETE.
 * @param string      $url    Where.
 * @param array|null  $body   What to send, as JSON.
 * @param string|null $key    The API key, if it is needed.
 * @param int         $wait   For how many seconds.
 * @return array|WP_Error What the server said, or why it could not be asked.
 */
function parlance_embed_ask_server( $method, $url, $body = null, $key = null, $wait = 10 ) {
	$headers = array( 'Accept' => 'application/json' );
	if ( null !== $body ) {
		$headers['Content-Type'] = 'application/json';
	}
	if ( null !== $key ) {
		$headers['Authorization'] = 'Bearer ' . $key;
	}
	$response = wp_remote_request(
		$url,
		array(
			'method'              => $method,
			'timeout'             => $wait,
			'redirection'         => 0,
			'limit_response_size' => 2 * MB_IN_BYTES,
			'headers'             => $headers,
			'body'                => null === $body ? null : wp_json_encode( $body ),
		)
	);
	if ( is_wp_error( $response ) ) {
		return new WP_Error( 'parlance_embed_unreachable', parlance_embed_why_unreachable( $response->get_error_message(), $url ) );
	}
	return parlance_embed_read_response( $response, $url );
}

/**
 * What a response says, or why it is of no use.
 *
 * @param array  $response As WordPress gives it.
 * @param string $url      Where it came from.
 * @return array|WP_Error
 */
function parlance_embed_read_response( $response, $url ) {
	$status = (int) wp_remote_retrieve_response_code( $response );
	if ( 204 === $status ) {
		return array();
	}
	$read = json_decode( wp_remote_retrieve_body( $response ), true );
	if ( ! is_array( $read ) ) {
		/* translators: %s: the name of a server. */
		$text = __( '%s answers, but not like a Parlance server. Check the server address.', 'parlance-embed' );
		return new WP_Error( 'parlance_embed_not_ours', sprintf( $text, parlance_embed_host( $url ) ) );
	}
	if ( 401 === $status ) {
		return new WP_Error( 'parlance_embed_key', __( 'The connection was ended on the server, or has expired. Connect the plugin with a new code.', 'parlance-embed' ) );
	}
	if ( ! empty( $read['errors'] ) || 400 <= $status ) {
		$first = isset( $read['errors'][0]['message'] ) ? sanitize_text_field( $read['errors'][0]['message'] ) : (string) $status;
		$code  = isset( $read['errors'][0]['extensions']['code'] ) ? $read['errors'][0]['extensions']['code'] : '';
		$code  = is_string( $code ) ? sanitize_key( $code ) : '';
		/* translators: %s: what the server says. */
		return new WP_Error( 'parlance_embed_refused', sprintf( __( 'The server refused: %s', 'parlance-embed' ), $first ), array( 'code' => $code, 'status' => $status ) );
	}
	return $read;
}

/**
 * Why a server could not be reached, for somebody who looks after a site.
 *
 * @param string $problem What the transport says.
 * @param string $url     Whom it wanted to reach.
 * @return string
 */
function parlance_embed_why_unreachable( $problem, $url ) {
	$host = parlance_embed_host( $url );
	if ( preg_match( '/cURL error (35|51|53|54|58|59|60|66|77|80|82|83|91)\b|certificate|SSL/i', $problem ) ) {
		/* translators: %s: the name of a server. */
		return sprintf( __( 'The certificate of %s cannot be trusted. Ask whoever runs the server to renew it.', 'parlance-embed' ), $host );
	}
	if ( defined( 'WP_HTTP_BLOCK_EXTERNAL' ) && preg_match( '/blocked/i', $problem ) ) {
		/* translators: %s: the name of a server. */
		return sprintf( __( 'This site may not call other servers (WP_HTTP_BLOCK_EXTERNAL). Add %s to WP_ACCESSIBLE_HOSTS in wp-config.php.', 'parlance-embed' ), $host );
	}
	if ( preg_match( '/cURL error (6|3)\b|resolve|valid URL/i', $problem ) ) {
		/* translators: %s: the name of a server. */
		return sprintf( __( 'There is no server called %s. Check the server address.', 'parlance-embed' ), $host );
	}
	if ( preg_match( '/cURL error 28\b|timed out/i', $problem ) ) {
		/* translators: %s: the name of a server. */
		return sprintf( __( '%s did not answer in time. Try again later.', 'parlance-embed' ), $host );
	}
	/* translators: %s: the name of a server. */
	return sprintf( __( '%s cannot be reached from this site. It may be down, or a firewall may stand in between.', 'parlance-embed' ), $host );
}

/**
 * The host of an address with its port, for people.
 *
 * @param string $url The address.
 * @return string
 */
function parlance_embed_host( $url ) {
	$parts = wp_parse_url( $url );
	if ( empty( $parts['host'] ) ) {
		return sanitize_text_field( $url );
	}
	return $parts['host'] . ( isset( $parts['port'] ) ? ':' . $parts['port'] : '' );
}

/**
 * An operation of the GraphQL API with the plugin's key.
 *
 * @param string $document  The operation; its one field is called `result`.
 * @param array  $variables Its variables.
 * @param int    $wait      For how many seconds.
 * @return array|WP_Error The field's value, an error for one that is a user error.
 */
function parlance_embed_operation( $document, $variables, $wait = 10 ) {
	$key = parlance_embed_api_key();
	if ( '' === $key ) {
		return new WP_Error( 'parlance_embed_key', __( 'The plugin is not connected.', 'parlance-embed' ) );
	}
	$asked = array(
		'query'     => $document,
		'variables' => $variables,
	);
	$read  = parlance_embed_ask_server( 'POST', parlance_embed_server_url() . '/graphql', $asked, $key, $wait );
	if ( is_wp_error( $read ) ) {
		$data = $read->get_error_data();
		if ( is_array( $data ) && in_array( $data['code'], array( 'unauthenticated', 'token_expired', 'token_revoked' ), true ) ) {
			return new WP_Error( 'parlance_embed_key', __( 'The connection was ended on the server, or has expired. Connect the plugin with a new code.', 'parlance-embed' ) );
		}
		return $read;
	}
	$result = isset( $read['data']['result'] ) && is_array( $read['data']['result'] ) ? $read['data']['result'] : array();
	if ( isset( $result['code'], $result['message'] ) ) {
		return new WP_Error( 'parlance_embed_refused', sanitize_text_field( $result['message'] ), array( 'code' => sanitize_key( $result['code'] ), 'status' => 200 ) );
	}
	return $result;
}

/**
 * Fetches a file from the server.
 *
 * WordPress's own download_url() refuses private addresses, where servers of companies often are.
 *
 * @param string $url    Where it is.
 * @param string $sha256 What its hash must be, in hexadecimal.
 * @return string|WP_Error Where it was put, for the caller to delete.
 */
function parlance_embed_fetch_file( $url, $sha256 ) {
	require_once ABSPATH . 'wp-admin/includes/file.php';
	$file     = wp_tempnam( 'parlance-embed' );
	$response = wp_remote_get(
		$url,
		array(
			'timeout'     => 60,
			'redirection' => 0,
			'stream'      => true,
			'filename'    => $file,
		)
	);
	$problem  = is_wp_error( $response ) ? parlance_embed_why_unreachable( $response->get_error_message(), $url ) : '';
	if ( '' === $problem && ( 200 !== wp_remote_retrieve_response_code( $response ) || ! hash_equals( $sha256, hash_file( 'sha256', $file ) ) ) ) {
		$problem = __( 'The file is not the one that the server announced. Try again.', 'parlance-embed' );
	}
	if ( '' === $problem ) {
		return $file;
	}
	wp_delete_file( $file );
	return new WP_Error( 'parlance_embed_file', $problem );
}
