<?php
/**
 * Takes away everything that the plugin stored, on each site, and lets the server end its keys.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'WP_UNINSTALL_PLUGIN' ) ) {
	exit;
}

/**
 * Lets the server end the keys of the current site. A server that cannot be reached is not asked for
 * the other sites of a network: each would wait for it anew.
 */
function parlance_embed_end_keys() {
	static $unreachable = array();
	$connection = get_option( 'parlance_embed_connection' );
	$values     = json_decode( (string) file_get_contents( __DIR__ . '/values.json' ), true ); // phpcs:ignore WordPress.WP.AlternativeFunctions.file_get_contents_file_get_contents -- a local file.
	if ( ! isset( $connection['server_url'], $connection['api_key'], $values['chatbot'] ) || isset( $unreachable[ $connection['server_url'] ] ) ) {
		return;
	}
	$said = wp_remote_request(
		$connection['server_url'] . '/plugins/' . rawurlencode( $values['chatbot'] ) . '/connection',
		array(
			'method'  => 'DELETE',
			'timeout' => 5,
			'headers' => array( 'Authorization' => 'Bearer ' . $connection['api_key'] ),
		)
	);
	if ( is_wp_error( $said ) ) {
		$unreachable[ $connection['server_url'] ] = true;
	}
}

/**
 * Takes away what the plugin stored on the current site.
 */
function parlance_embed_uninstall_site() {
	global $wpdb;
	parlance_embed_end_keys();
	foreach ( array( 'settings', 'connection', 'connected_to', 'site', 'source', 'queue', 'sync_problem', 'update_hash' ) as $name ) {
		delete_option( 'parlance_embed_' . $name );
	}
	$table = $wpdb->prefix . 'parlance_embed_queue';
	$wpdb->query( "DROP TABLE IF EXISTS {$table}" ); // phpcs:ignore WordPress.DB -- the plugin's own table.
	wp_clear_scheduled_hook( 'parlance_embed_send' );
	wp_clear_scheduled_hook( 'parlance_embed_look' );
	$like = $wpdb->esc_like( '_transient_parlance_embed_' ) . '%';
	foreach ( $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE %s", $like ) ) as $name ) { // phpcs:ignore WordPress.DB.DirectDatabaseQuery -- once, at the very end.
		delete_transient( substr( $name, strlen( '_transient_' ) ) );
	}
}

if ( is_multisite() ) {
	foreach ( get_sites( array( 'fields' => 'ids', 'number' => 0 ) ) as $parlance_embed_site_id ) {
		switch_to_blog( $parlance_embed_site_id );
		parlance_embed_uninstall_site();
		restore_current_blog();
	}
	delete_site_option( 'parlance_embed_network' );
} else {
	parlance_embed_uninstall_site();
}
