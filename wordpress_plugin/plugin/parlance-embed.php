<?php
/**
 * Plugin Name: Parlance Embed
 * Description: Puts your AI chatbot into your site: on every page or where you want it, for visitors and for signed-in users.
 * Version: 1.0.0
 * Requires at least: 6.1
 * Requires PHP: 7.4
 * Author: Parlance
 * License: Apache-2.0
 * License URI: https://www.apache.org/licenses/LICENSE-2.0
 * Text Domain: parlance-embed
 * Domain Path: /languages
 *
 * All hooks are registered in this file, so that it shows what the plugin does and when. Nothing is
 * sent anywhere before an administrator connects the plugin.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

define( 'PARLANCE_EMBED_VERSION', '1.0.0' );
define( 'PARLANCE_EMBED_FILE', __FILE__ );
define( 'PARLANCE_EMBED_DIR', plugin_dir_path( __FILE__ ) );

require_once PARLANCE_EMBED_DIR . 'includes/values.php';
require_once PARLANCE_EMBED_DIR . 'includes/settings.php';
require_once PARLANCE_EMBED_DIR . 'includes/server.php';
require_once PARLANCE_EMBED_DIR . 'includes/connection.php';
require_once PARLANCE_EMBED_DIR . 'includes/rules.php';
require_once PARLANCE_EMBED_DIR . 'includes/display.php';
require_once PARLANCE_EMBED_DIR . 'includes/identity.php';
require_once PARLANCE_EMBED_DIR . 'includes/privacy.php';
require_once PARLANCE_EMBED_DIR . 'includes/sync-queue.php';
require_once PARLANCE_EMBED_DIR . 'includes/products.php';
require_once PARLANCE_EMBED_DIR . 'includes/sync.php';

add_action( 'init', 'parlance_embed_load_translations', 1 );
add_action( 'init', 'parlance_embed_register_inline' );
add_action( 'init', 'parlance_embed_refresh_hint' );
add_action( 'wp_enqueue_scripts', 'parlance_embed_enqueue' );
add_action( 'wp_footer', 'parlance_embed_print_data', 5 );
add_action( 'rest_api_init', 'parlance_embed_register_route' );
add_action( 'set_logged_in_cookie', 'parlance_embed_set_hint', 10, 4 );
add_action( 'clear_auth_cookie', 'parlance_embed_clear_hint' );
add_action( 'wp_after_insert_post', 'parlance_embed_note_saved', 10, 4 );
add_action( 'deleted_post', 'parlance_embed_note_deleted', 10, 2 );
add_action( 'woocommerce_update_product', 'parlance_embed_note_product' );
add_action( 'update_option_parlance_embed_settings', 'parlance_embed_settings_saved', 10, 2 );
add_action( 'add_option_parlance_embed_settings', 'parlance_embed_settings_added', 10, 2 );
add_action( 'parlance_embed_send', 'parlance_embed_send_due' );
add_action( 'parlance_embed_look', 'parlance_embed_send_due' );
register_deactivation_hook( __FILE__, 'parlance_embed_stop_sending' );
add_filter( 'wp_privacy_personal_data_exporters', 'parlance_embed_register_exporter' );
add_filter( 'wp_privacy_personal_data_erasers', 'parlance_embed_register_eraser' );
add_filter( 'wp_consent_api_registered_' . plugin_basename( __FILE__ ), '__return_true' );

if ( is_admin() ) {
	require_once PARLANCE_EMBED_DIR . 'includes/admin-page.php';
	require_once PARLANCE_EMBED_DIR . 'includes/network-page.php';
	add_action( 'admin_menu', 'parlance_embed_add_page' );
	add_action( 'network_admin_menu', 'parlance_embed_add_network_page' );
	add_action( 'network_admin_edit_parlance_embed_network', 'parlance_embed_save_network' );
	add_action( 'admin_init', 'parlance_embed_register_settings' );
	add_action( 'admin_init', 'parlance_embed_privacy_text' );
	add_action( 'admin_post_parlance_embed_connect', 'parlance_embed_handle_connect' );
	add_action( 'admin_post_parlance_embed_disconnect', 'parlance_embed_handle_disconnect' );
	add_action( 'wp_ajax_parlance_embed_sync', 'parlance_embed_answer_sync' );
	add_action( 'admin_post_parlance_embed_test', 'parlance_embed_handle_test' );
	add_filter( 'plugin_action_links_' . plugin_basename( __FILE__ ), 'parlance_embed_action_links' );
}

if ( is_readable( PARLANCE_EMBED_DIR . 'includes/updater.php' ) ) {
	require_once PARLANCE_EMBED_DIR . 'includes/updater.php';
	add_filter( 'update_plugins_' . parlance_embed_update_host(), 'parlance_embed_check_update', 10, 3 );
	add_filter( 'plugins_api', 'parlance_embed_update_details', 10, 3 );
	add_filter( 'upgrader_pre_download', 'parlance_embed_verified_download', 10, 3 );
}
