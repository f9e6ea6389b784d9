<?php
/**
 * What a network's sites begin with: the settings of those that have saved none of their own.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

/**
 * Adds the page under the network's settings.
 */
function parlance_embed_add_network_page() {
	add_submenu_page( 'settings.php', parlance_embed_title(), parlance_embed_title(), 'manage_network_options', 'parlance-embed', 'parlance_embed_print_network_page' );
}

/**
 * Prints the page.
 */
function parlance_embed_print_network_page() {
	if ( ! current_user_can( 'manage_network_options' ) ) {
		return;
	}
	$kept = get_site_option( 'parlance_embed_network' );
	echo '<div class="wrap"><h1>' . esc_html( parlance_embed_title() ) . '</h1>';
	if ( isset( $_GET['updated'] ) ) { // phpcs:ignore WordPress.Security.NonceVerification.Recommended -- says only what was done.
		echo '<div class="notice notice-success" role="status"><p>' . esc_html__( 'Settings saved.', 'parlance-embed' ) . '</p></div>';
	}
	echo '<p>' . esc_html__( 'Sites begin with these settings until they save their own. Each site is connected by itself.', 'parlance-embed' ) . '</p>';
	echo '<form method="post" action="' . esc_url( network_admin_url( 'edit.php?action=parlance_embed_network' ) ) . '">';
	wp_nonce_field( 'parlance_embed_network' );
	parlance_embed_print_fields( array_merge( parlance_embed_default_settings(), is_array( $kept ) ? $kept : array() ) );
	submit_button();
	echo '</form></div>';
}

/**
 * Saves what the form sent.
 */
function parlance_embed_save_network() {
	check_admin_referer( 'parlance_embed_network' );
	if ( ! current_user_can( 'manage_network_options' ) ) {
		wp_die( esc_html__( 'You are not allowed to do this.', 'parlance-embed' ), '', array( 'response' => 403 ) );
	}
	$given = isset( $_POST['parlance_embed_settings'] ) ? wp_unslash( $_POST['parlance_embed_settings'] ) : array(); // phpcs:ignore WordPress.Security.ValidatedSanitizedInput.InputNotSanitized -- in the next line.
	update_site_option( 'parlance_embed_network', parlance_embed_sanitize_settings( $given ) );
	wp_safe_redirect( network_admin_url( 'settings.php?page=parlance-embed&updated=true' ) );
	exit;
}
