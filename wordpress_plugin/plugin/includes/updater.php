<?php
/**
 * Updates from the chat's own server, for copies that do not come from the plugin directory.
 *
 * WordPress asks the server by itself as often as it asks for other updates, and only after an
 * administrator connected the plugin. A package is installed only if its hash is the announced one.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

/**
 * The host in the header `Update URI`, for which WordPress asks this plugin.
 *
 * @return string
 */
function parlance_embed_update_host() {
	return (string) wp_parse_url( parlance_embed_value( 'serverUrl' ), PHP_URL_HOST );
}

/**
 * What the server announces.
 *
 * @return array|WP_Error
 */
function parlance_embed_announced() {
	$url  = untrailingslashit( parlance_embed_value( 'serverUrl' ) ) . '/plugins/' . rawurlencode( parlance_embed_value( 'chatbot' ) ) . '/update.json';
	$said = parlance_embed_ask_server( 'GET', $url );
	if ( is_wp_error( $said ) ) {
		return $said;
	}
	foreach ( array( 'version', 'package', 'sha256', 'slug' ) as $name ) {
		if ( empty( $said[ $name ] ) || ! is_string( $said[ $name ] ) ) {
			return new WP_Error( 'parlance_embed_not_ours', __( 'The server announces no update.', 'parlance-embed' ) );
		}
	}
	return $said;
}

/**
 * Answers WordPress's question for an update.
 *
 * @param array|false $update What others found.
 * @param array       $data   The header of the plugin that is asked for.
 * @param string      $file   Which plugin that is.
 * @return array|false
 */
function parlance_embed_check_update( $update, $data, $file ) {
	if ( plugin_basename( PARLANCE_EMBED_FILE ) !== $file || ! parlance_embed_is_connected() ) {
		return $update;
	}
	$said = parlance_embed_announced();
	if ( is_wp_error( $said ) ) {
		return $update;
	}
	update_option( 'parlance_embed_update_hash', $said['sha256'], false );
	return array(
		'slug'         => $said['slug'],
		'version'      => $said['version'],
		'url'          => untrailingslashit( parlance_embed_value( 'serverUrl' ) ),
		'package'      => esc_url_raw( $said['package'] ),
		'tested'       => isset( $said['tested'] ) ? sanitize_text_field( $said['tested'] ) : '',
		'requires_php' => isset( $said['requiresPhp'] ) ? sanitize_text_field( $said['requiresPhp'] ) : '',
	);
}

/**
 * Shows what is new, in WordPress's window of details.
 *
 * @param mixed  $result What others found.
 * @param string $action What is asked for.
 * @param object $args   About which plugin.
 * @return mixed
 */
function parlance_embed_update_details( $result, $action, $args ) {
	if ( 'plugin_information' !== $action || ! isset( $args->slug ) || 'parlance-embed' !== $args->slug || ! parlance_embed_is_connected() ) {
		return $result;
	}
	$said = parlance_embed_announced();
	if ( is_wp_error( $said ) ) {
		return $said;
	}
	return (object) array(
		'name'          => parlance_embed_title(),
		'slug'          => $said['slug'],
		'version'       => $said['version'],
		'download_link' => esc_url_raw( $said['package'] ),
		'sections'      => array( 'changelog' => wp_kses_post( wpautop( isset( $said['changelog'] ) ? $said['changelog'] : '' ) ) ),
	);
}

/**
 * Fetches a package and looks at its hash, before WordPress unpacks it.
 *
 * @param bool|string|WP_Error $reply    What others did.
 * @param string               $package  Where the package is.
 * @param WP_Upgrader          $upgrader Who wants it.
 * @return bool|string|WP_Error
 */
function parlance_embed_verified_download( $reply, $package, $upgrader ) {
	$ours = untrailingslashit( parlance_embed_value( 'serverUrl' ) ) . '/plugins/' . rawurlencode( parlance_embed_value( 'chatbot' ) ) . '.zip';
	if ( false !== $reply || $ours !== $package ) {
		return $reply;
	}
	$upgrader->skin->feedback( 'downloading_package', $package );
	return parlance_embed_fetch_file( $package, (string) get_option( 'parlance_embed_update_hash', '' ) );
}
