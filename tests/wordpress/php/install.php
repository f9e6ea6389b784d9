<?php
// Installs WordPress, as wp-admin/install.php does after its form.
define( 'WP_INSTALLING', true );
require $argv[1] . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install( 'The shop', 'admin', 'admin@example.com', true, '', $argv[2] );
update_option( 'permalink_structure', '/%postname%/' );
wp_insert_user( array( 'user_login' => 'reader', 'user_pass' => $argv[2], 'user_email' => 'reader@example.com', 'role' => 'subscriber' ) );
flush_rewrite_rules( false );
