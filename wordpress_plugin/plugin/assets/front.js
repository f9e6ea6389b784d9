/**
 * Loads the chat after the page, for those who are meant to have it. Page caches give everybody the
 * same page, so what depends on the person is found out here.
 */
( function () {
	'use strict';

	var started = false;

	function cookie( name ) {
		var found = document.cookie.match( new RegExp( '(?:^|; )' + name + '=([a-z0-9]+)' ) );
		return found ? found[ 1 ] : '';
	}

	/** What the site says of whoever is signed in; nothing when it cannot be asked. */
	function whoIs( settings ) {
		return fetch( settings.identity, {
			method: 'POST',
			credentials: 'same-origin',
			cache: 'no-store',
			headers: { 'Content-Type': 'application/json' },
			body: '{}',
		} )
			.then( function ( response ) {
				return response.ok ? response.json() : {};
			} )
			.catch( function () {
				return {};
			} );
	}

	function isMeant( settings, user ) {
		if ( settings.audience === 'logged_in' ) {
			return Promise.resolve( user !== '' );
		}
		if ( settings.audience === 'logged_out' ) {
			return Promise.resolve( user === '' );
		}
		if ( settings.audience === 'roles' ) {
			return user === ''
				? Promise.resolve( false )
				: whoIs( settings ).then( function ( who ) {
						return who.shows === true;
				  } );
		}
		return Promise.resolve( true );
	}

	function identified( settings, user ) {
		if ( user === '' || settings.identity === '' ) {
			return {};
		}
		return {
			userId: user,
			getToken: function () {
				return whoIs( settings ).then( function ( who ) {
					return who.token || null;
				} );
			},
		};
	}

	/** A script that is put in earlier would hold up the page's load event as long as its server hangs. */
	function pageIsThere() {
		return new Promise( function ( fulfil ) {
			if ( document.readyState === 'complete' ) {
				fulfil();
			} else {
				window.addEventListener( 'load', fulfil );
			}
		} );
	}

	function load( settings ) {
		return pageIsThere().then( function () {
			return window.Parlance || fetched( settings );
		} );
	}

	function fetched( settings ) {
		return new Promise( function ( fulfil, reject ) {
			var script = document.createElement( 'script' );
			script.src = settings.apiUrl + '/widget.js';
			script.async = true;
			script.crossOrigin = 'anonymous';
			script.onload = function () {
				fulfil( window.Parlance );
			};
			script.onerror = reject;
			document.head.appendChild( script );
		} );
	}

	function show( settings ) {
		var user = cookie( settings.hint );
		var inline = document.querySelector( 'parlance-chat' ) !== null;
		isMeant( settings, user ).then( function ( meant ) {
			var launcher = settings.launcher && meant;
			if ( ! launcher && ! inline ) {
				return;
			}
			load( settings ).then(
				function ( parlance ) {
					var who = identified( settings, user );
					if ( launcher && ! inline ) {
						parlance.init( Object.assign( { apiUrl: settings.apiUrl, chatbot: settings.chatbot }, who ) );
					} else if ( who.getToken ) {
						parlance.identify( who );
					}
				},
				function () {
					// The server is down: the page stays as it is.
				}
			);
		} );
	}

	function start() {
		var place = document.getElementById( 'parlance-embed-data' );
		if ( started || ! place ) {
			return;
		}
		started = true;
		var settings = JSON.parse( place.getAttribute( 'data-settings' ) );
		if ( ! settings.consent ) {
			show( settings );
			return;
		}
		// The WP Consent API; without a consent banner nobody has agreed.
		var shown = false;
		var agreed = function () {
			if ( ! shown && typeof window.wp_has_consent === 'function' && window.wp_has_consent( 'functional' ) ) {
				shown = true;
				show( settings );
			}
		};
		document.addEventListener( 'wp_listen_for_consent_change', agreed );
		document.addEventListener( 'wp_consent_type_defined', agreed );
		agreed();
	}

	if ( document.readyState === 'loading' ) {
		document.addEventListener( 'DOMContentLoaded', start );
	} else {
		start();
	}
} )();
