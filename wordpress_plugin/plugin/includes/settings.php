<?php
/**
 * What the administrator chose: defaults, reading, and cleaning what comes in.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

/**
 * The settings of a site on which nothing was saved yet.
 *
 * @return array
 */
function parlance_embed_default_settings() {
	return array(
		'site_wide'     => true,
		'include_paths' => '',
		'exclude_paths' => '',
		'post_types'    => array(),
		'languages'     => '',
		'audience'      => 'everybody',
		'roles'         => array(),
		'identify'      => true,
		'send_email'    => false,
		'wait_consent'  => false,
		'sync_types'    => array(),
	);
}

/**
 * All settings, or one of them.
 *
 * @param string|null $name Which one.
 * @return mixed
 */
function parlance_embed_settings( $name = null ) {
	$saved    = get_option( 'parlance_embed_settings' );
	$network  = is_multisite() ? get_site_option( 'parlance_embed_network' ) : array();
	$settings = array_merge(
		parlance_embed_default_settings(),
		is_array( $network ) ? $network : array(),
		is_array( $saved ) ? $saved : array()
	);
	return null === $name ? $settings : $settings[ $name ];
}

/**
 * Cleans what a form sent; what is not there was not ticked.
 *
 * @param mixed $given The posted fields.
 * @return array
 */
function parlance_embed_sanitize_settings( $given ) {
	$given    = is_array( $given ) ? $given : array();
	$audience = isset( $given['audience'] ) ? sanitize_key( $given['audience'] ) : '';
	return array(
		'site_wide'     => ! empty( $given['site_wide'] ),
		'include_paths' => parlance_embed_clean_lines( $given, 'include_paths' ),
		'exclude_paths' => parlance_embed_clean_lines( $given, 'exclude_paths' ),
		'post_types'    => array_values( array_intersect( parlance_embed_clean_keys( $given, 'post_types' ), get_post_types( array( 'public' => true ) ) ) ),
		'languages'     => implode( ', ', array_filter( array_map( 'sanitize_key', explode( ',', parlance_embed_clean_lines( $given, 'languages' ) ) ) ) ),
		'audience'      => in_array( $audience, array( 'everybody', 'logged_in', 'logged_out', 'roles' ), true ) ? $audience : 'everybody',
		'roles'         => array_values( array_intersect( parlance_embed_clean_keys( $given, 'roles' ), array_keys( wp_roles()->roles ) ) ),
		'identify'      => ! empty( $given['identify'] ),
		'send_email'    => ! empty( $given['send_email'] ),
		'wait_consent'  => ! empty( $given['wait_consent'] ),
		'sync_types'    => array_values( array_intersect( parlance_embed_clean_keys( $given, 'sync_types' ), get_post_types( array( 'public' => true ) ) ) ),
	);
}

/**
 * A text of several lines, at most 5000 characters.
 *
 * @param array  $given The posted fields.
 * @param string $name  Which one.
 * @return string
 */
function parlance_embed_clean_lines( $given, $name ) {
	$text = isset( $given[ $name ] ) && is_string( $given[ $name ] ) ? $given[ $name ] : '';
	return substr( sanitize_textarea_field( $text ), 0, 5000 );
}

/**
 * A list of keys.
 *
 * @param array  $given The posted fields.
 * @param string $name  Which one.
 * @return string[]
 */
function parlance_embed_clean_keys( $given, $name ) {
	$keys = isset( $given[ $name ] ) && is_array( $given[ $name ] ) ? $given[ $name ] : array();
	return array_map( 'sanitize_key', array_filter( $keys, 'is_string' ) );
}
