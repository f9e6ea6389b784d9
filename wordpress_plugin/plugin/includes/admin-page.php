<?php
/**
 * The settings page: connecting, where the chat shows, who it is for.
 *
 * @package Parlance_Embed
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

/**
 * Adds the page under Settings.
 */
function parlance_embed_add_page() {
	add_options_page( parlance_embed_title(), parlance_embed_title(), 'manage_options', 'parlance-embed', 'parlance_embed_print_page' );
}

/**
 * Adds a link to the page in the list of plugins.
 *
 * @param string[] $links What is there.
 * @return string[]
 */
function parlance_embed_action_links( $links ) {
	array_unshift( $links, '<a href="' . esc_url( parlance_embed_page_url() ) . '">' . esc_html__( 'Settings', 'parlance-embed' ) . '</a>' );
	return $links;
}

/**
 * Where the page is.
 *
 * @return string
 */
function parlance_embed_page_url() {
	return admin_url( 'options-general.php?page=parlance-embed' );
}

/**
 * Registers what the form saves.
 */
function parlance_embed_register_settings() {
	register_setting(
		'parlance_embed',
		'parlance_embed_settings',
		array(
			'type'              => 'object',
			'sanitize_callback' => 'parlance_embed_sanitize_settings',
			'default'           => parlance_embed_default_settings(),
		)
	);
}

/**
 * Prints the page.
 */
function parlance_embed_print_page() {
	if ( ! current_user_can( 'manage_options' ) ) {
		return;
	}
	echo '<div class="wrap"><h1>' . esc_html( parlance_embed_title() ) . '</h1>';
	parlance_embed_print_notice();
	if ( parlance_embed_is_connected() ) {
		parlance_embed_print_connection();
		parlance_embed_print_settings();
		parlance_embed_print_sync();
	} else {
		parlance_embed_print_connect_form();
	}
	echo '</div>';
}

/**
 * Says what came of the last thing that was done here, once.
 */
function parlance_embed_print_notice() {
	$name   = 'parlance_embed_notice_' . get_current_user_id();
	$notice = get_transient( $name );
	if ( is_array( $notice ) && isset( $notice['kind'], $notice['text'] ) ) {
		delete_transient( $name );
		printf( '<div class="notice notice-%1$s" role="status"><p>%2$s</p></div>', esc_attr( $notice['kind'] ), esc_html( $notice['text'] ) );
	}
}

/**
 * Keeps a notice for the page, and goes there.
 *
 * @param string $kind success, warning or error.
 * @param string $text What to say.
 */
function parlance_embed_go_back( $kind, $text ) {
	$notice = array(
		'kind' => $kind,
		'text' => $text,
	);
	set_transient( 'parlance_embed_notice_' . get_current_user_id(), $notice, MINUTE_IN_SECONDS );
	wp_safe_redirect( parlance_embed_page_url() );
	exit;
}

/**
 * Stops whoever may not do this.
 *
 * @param string $action What the form is for.
 */
function parlance_embed_demand_admin( $action ) {
	check_admin_referer( $action );
	if ( ! current_user_can( 'manage_options' ) ) {
		wp_die( esc_html__( 'You are not allowed to do this.', 'parlance-embed' ), '', array( 'response' => 403 ) );
	}
}

/**
 * Connects, with what the form sent.
 */
function parlance_embed_handle_connect() {
	parlance_embed_demand_admin( 'parlance_embed_connect' );
	// phpcs:disable WordPress.Security.NonceVerification.Missing -- looked at in parlance_embed_demand_admin().
	$server = isset( $_POST['server'] ) ? sanitize_text_field( wp_unslash( $_POST['server'] ) ) : '';
	$code   = isset( $_POST['code'] ) ? sanitize_text_field( wp_unslash( $_POST['code'] ) ) : '';
	// phpcs:enable
	parlance_embed_tell( parlance_embed_connect( $server, trim( $code ) ) );
}

/**
 * Tests the connection.
 */
function parlance_embed_handle_test() {
	parlance_embed_demand_admin( 'parlance_embed_test' );
	parlance_embed_tell( parlance_embed_test_connection() );
}

/**
 * Ends the connection.
 */
function parlance_embed_handle_disconnect() {
	parlance_embed_demand_admin( 'parlance_embed_disconnect' );
	parlance_embed_end_connection();
	parlance_embed_go_back( 'success', __( 'Disconnected. The chat is gone from your site.', 'parlance-embed' ) );
}

/**
 * Says what the server said of the chatbot.
 *
 * @param array|WP_Error $said What it said.
 */
function parlance_embed_tell( $said ) {
	if ( is_wp_error( $said ) ) {
		parlance_embed_go_back( 'error', $said->get_error_message() );
	}
	if ( empty( $said['active'] ) ) {
		/* translators: %s: the name of a chatbot. */
		parlance_embed_go_back( 'warning', sprintf( __( 'Connected with %s, which is switched off at the moment.', 'parlance-embed' ), $said['name'] ) );
	}
	if ( empty( $said['originAllowed'] ) ) {
		/* translators: %s: the address of this site. */
		parlance_embed_go_back( 'warning', sprintf( __( 'Connected, but the chatbot does not allow this site yet. Add %s to its allowed origins and publish it.', 'parlance-embed' ), (string) $said['origin'] ) );
	}
	/* translators: %s: the name of a chatbot. */
	parlance_embed_go_back( 'success', sprintf( __( 'Connected with %s.', 'parlance-embed' ), $said['name'] ) );
}

/**
 * A form of one button.
 *
 * @param string $action What it does.
 * @param string $label  What it says.
 */
function parlance_embed_print_button( $action, $label ) {
	echo '<form method="post" action="' . esc_url( admin_url( 'admin-post.php' ) ) . '" style="display:inline">';
	echo '<input type="hidden" name="action" value="' . esc_attr( $action ) . '">';
	wp_nonce_field( $action );
	echo '<button class="button">' . esc_html( $label ) . '</button></form> ';
}

/**
 * The form to connect.
 */
function parlance_embed_print_connect_form() {
	echo '<p>' . esc_html__( 'Nothing is sent anywhere until you connect. Ask whoever runs your chatbot for a connection code; it works once, for a quarter of an hour.', 'parlance-embed' ) . '</p>';
	echo '<form method="post" action="' . esc_url( admin_url( 'admin-post.php' ) ) . '"><table class="form-table" role="presentation">';
	echo '<tr><th scope="row"><label for="parlance-embed-code">' . esc_html__( 'Connection code', 'parlance-embed' ) . '</label></th>';
	echo '<td><input type="text" class="regular-text code" id="parlance-embed-code" name="code" autocomplete="off" required></td></tr>';
	echo '<tr><th scope="row"><label for="parlance-embed-server">' . esc_html__( 'Server address', 'parlance-embed' ) . '</label></th>';
	echo '<td><input class="regular-text code" id="parlance-embed-server" name="server" type="url" value="' . esc_attr( parlance_embed_server_url() ) . '" required></td></tr>';
	echo '</table><input type="hidden" name="action" value="parlance_embed_connect">';
	wp_nonce_field( 'parlance_embed_connect' );
	submit_button( __( 'Connect', 'parlance-embed' ) );
	echo '</form>';
}

/**
 * What the site is connected with, and what can be done about it.
 */
function parlance_embed_print_connection() {
	echo '<h2>' . esc_html__( 'Connection', 'parlance-embed' ) . '</h2><p>';
	/* translators: %s: the name of a server. */
	echo esc_html( sprintf( __( 'This site is connected with %s.', 'parlance-embed' ), parlance_embed_host( parlance_embed_server_url() ) ) );
	echo '</p><p>';
	parlance_embed_print_button( 'parlance_embed_test', __( 'Test the connection', 'parlance-embed' ) );
	parlance_embed_print_button( 'parlance_embed_disconnect', __( 'Disconnect', 'parlance-embed' ) );
	echo '<a class="button" target="_blank" rel="noopener" href="' . esc_url( home_url( '/' ) ) . '">' . esc_html__( 'See it on your site', 'parlance-embed' ) . '</a></p>';
}

/**
 * The form with the settings.
 */
function parlance_embed_print_settings() {
	$settings = parlance_embed_settings();
	echo '<form method="post" action="' . esc_url( admin_url( 'options.php' ) ) . '">';
	settings_fields( 'parlance_embed' );
	parlance_embed_print_fields( $settings );
	submit_button();
	echo '</form>';
	/* translators: %s: a shortcode. */
	echo '<p>' . esc_html( sprintf( __( 'To put the chat into a page, use the block "Chatbot" or the shortcode %s.', 'parlance-embed' ), '[parlance]' ) ) . '</p>';
}

/**
 * The fields of the settings.
 *
 * @param array $settings Their values.
 */
function parlance_embed_print_fields( $settings ) {
	echo '<h2>' . esc_html__( 'Where the chat shows', 'parlance-embed' ) . '</h2><table class="form-table" role="presentation">';
	parlance_embed_print_tick( $settings, 'site_wide', __( 'Launcher', 'parlance-embed' ), __( 'Show it on every page', 'parlance-embed' ) );
	parlance_embed_print_area( $settings, 'include_paths', __( 'Only on these paths', 'parlance-embed' ), __( 'One a line, such as /shop/*. Empty: everywhere.', 'parlance-embed' ) );
	parlance_embed_print_area( $settings, 'exclude_paths', __( 'Never on these paths', 'parlance-embed' ), '' );
	parlance_embed_print_list( $settings, 'post_types', __( 'Only on', 'parlance-embed' ), parlance_embed_type_names() );
	parlance_embed_print_line( $settings, 'languages', __( 'Only in these languages', 'parlance-embed' ), __( 'Codes with commas in between, such as en, de. Empty: all.', 'parlance-embed' ) );
	echo '</table><h2>' . esc_html__( 'For whom', 'parlance-embed' ) . '</h2><table class="form-table" role="presentation">';
	parlance_embed_print_audience( $settings['audience'] );
	parlance_embed_print_list( $settings, 'roles', __( 'Roles', 'parlance-embed' ), array_map( 'translate_user_role', wp_roles()->get_names() ) );
	parlance_embed_print_tick( $settings, 'identify', __( 'Signed-in users', 'parlance-embed' ), __( 'Let them find their conversations on every device', 'parlance-embed' ) );
	parlance_embed_print_tick( $settings, 'send_email', __( 'E-mail address', 'parlance-embed' ), __( 'Send the address of signed-in users along', 'parlance-embed' ) );
	parlance_embed_print_tick( $settings, 'wait_consent', __( 'Consent', 'parlance-embed' ), __( 'Load the chat only after the visitor agreed (needs a banner that uses the WP Consent API)', 'parlance-embed' ) );
	echo '</table><h2>' . esc_html__( 'What the chatbot knows', 'parlance-embed' ) . '</h2><table class="form-table" role="presentation">';
	parlance_embed_print_list( $settings, 'sync_types', __( 'Let it answer from', 'parlance-embed' ), array_diff_key( parlance_embed_type_names(), array( 'attachment' => '' ) ) );
	echo '</table>';
}

/**
 * How the sending of content is, and the button that sends everything.
 */
function parlance_embed_print_sync() {
	if ( ! parlance_embed_sent_types() ) {
		return;
	}
	wp_enqueue_script( 'parlance-embed-admin', plugin_dir_url( PARLANCE_EMBED_FILE ) . 'assets/admin.js', array(), PARLANCE_EMBED_VERSION, true );
	echo '<h2>' . esc_html__( 'Content', 'parlance-embed' ) . '</h2><p>';
	echo esc_html__( 'Public content is sent when it is saved, and taken away when it goes. Drafts, private content and content with a password are never sent. If a plugin hides published content from visitors, do not choose its type.', 'parlance-embed' ) . '</p>';
	/* translators: %d: a number. */
	echo '<p id="parlance-embed-waiting">' . esc_html( sprintf( __( 'Waiting to be sent: %d', 'parlance-embed' ), parlance_embed_waiting() ) ) . '</p>';
	echo '<p>' . esc_html( get_option( 'parlance_embed_sync_problem', '' ) ) . '</p>';
	echo '<p id="parlance-embed-sync" data-url="' . esc_url( admin_url( 'admin-ajax.php' ) ) . '" data-nonce="' . esc_attr( wp_create_nonce( 'parlance_embed_sync' ) ) . '"';
	echo ' data-done="' . esc_attr__( 'All public content was sent.', 'parlance-embed' ) . '" data-later="' . esc_attr__( 'The rest is sent later, by itself.', 'parlance-embed' ) . '">';
	echo '<button type="button" class="button" disabled>' . esc_html__( 'Send everything now', 'parlance-embed' ) . '</button> <progress hidden value="0" aria-label="' . esc_attr__( 'Sent', 'parlance-embed' ) . '"></progress> <output></output></p>';
}

/**
 * The public types of posts, with their names.
 *
 * @return string[]
 */
function parlance_embed_type_names() {
	$names = array();
	foreach ( get_post_types( array( 'public' => true ), 'objects' ) as $type ) {
		$names[ $type->name ] = $type->label;
	}
	return $names;
}

/**
 * One row with a box to tick.
 *
 * @param array  $settings The settings.
 * @param string $name     Which one.
 * @param string $head     Its heading.
 * @param string $label    What a tick means.
 */
function parlance_embed_print_tick( $settings, $name, $head, $label ) {
	echo '<tr><th scope="row">' . esc_html( $head ) . '</th><td><label><input type="checkbox" value="1" name="parlance_embed_settings[' . esc_attr( $name ) . ']"';
	checked( (bool) $settings[ $name ] );
	echo '> ' . esc_html( $label ) . '</label></td></tr>';
}

/**
 * One row with a text of several lines.
 *
 * @param array  $settings The settings.
 * @param string $name     Which one.
 * @param string $head     Its heading.
 * @param string $help     How to fill it in.
 */
function parlance_embed_print_area( $settings, $name, $head, $help ) {
	$id = 'parlance-embed-' . $name;
	echo '<tr><th scope="row"><label for="' . esc_attr( $id ) . '">' . esc_html( $head ) . '</label></th><td>';
	echo '<textarea class="large-text code" rows="3" id="' . esc_attr( $id ) . '" name="parlance_embed_settings[' . esc_attr( $name ) . ']">' . esc_textarea( $settings[ $name ] ) . '</textarea>';
	echo '<p class="description">' . esc_html( $help ) . '</p></td></tr>';
}

/**
 * One row with a line of text.
 *
 * @param array  $settings The settings.
 * @param string $name     Which one.
 * @param string $head     Its heading.
 * @param string $help     How to fill it in.
 */
function parlance_embed_print_line( $settings, $name, $head, $help ) {
	$id = 'parlance-embed-' . $name;
	echo '<tr><th scope="row"><label for="' . esc_attr( $id ) . '">' . esc_html( $head ) . '</label></th><td>';
	echo '<input type="text" class="regular-text" id="' . esc_attr( $id ) . '" name="parlance_embed_settings[' . esc_attr( $name ) . ']" value="' . esc_attr( $settings[ $name ] ) . '">';
	echo '<p class="description">' . esc_html( $help ) . '</p></td></tr>';
}

/**
 * One row with several boxes; none ticked means all.
 *
 * @param array    $settings The settings.
 * @param string   $name     Which one.
 * @param string   $head     Its heading.
 * @param string[] $names    What can be ticked, with its name.
 */
function parlance_embed_print_list( $settings, $name, $head, $names ) {
	echo '<tr><th scope="row">' . esc_html( $head ) . '</th><td><fieldset>';
	foreach ( $names as $value => $label ) {
		echo '<span style="display:inline-block;margin-inline-end:1.5em"><label><input type="checkbox" value="' . esc_attr( $value ) . '" name="parlance_embed_settings[' . esc_attr( $name ) . '][]"';
		checked( in_array( $value, $settings[ $name ], true ) );
		echo '> ' . esc_html( $label ) . '</label></span>';
	}
	echo '</fieldset></td></tr>';
}

/**
 * The row that says for whom the launcher is.
 *
 * @param string $chosen What is chosen.
 */
function parlance_embed_print_audience( $chosen ) {
	$names = array(
		'everybody'  => __( 'Everybody', 'parlance-embed' ),
		'logged_in'  => __( 'Signed-in users', 'parlance-embed' ),
		'logged_out' => __( 'Visitors who are not signed in', 'parlance-embed' ),
		'roles'      => __( 'Signed-in users with one of the roles below', 'parlance-embed' ),
	);
	echo '<tr><th scope="row"><label for="parlance-embed-audience">' . esc_html__( 'Launcher for', 'parlance-embed' ) . '</label></th>';
	echo '<td><select id="parlance-embed-audience" name="parlance_embed_settings[audience]">';
	foreach ( $names as $value => $label ) {
		echo '<option value="' . esc_attr( $value ) . '"';
		selected( $chosen, $value );
		echo '>' . esc_html( $label ) . '</option>';
	}
	echo '</select></td></tr>';
}
