# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_cloakrun_global_optspecs
    string join \n color= q/quiet v/verbose c/config= no-config h/help V/version
end

function __fish_cloakrun_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_cloakrun_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_cloakrun_using_subcommand
    set -l cmd (__fish_cloakrun_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c cloakrun -n "__fish_cloakrun_needs_command" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb says no; CLICOLOR_FORCE and FORCE_COLOR say yes'
always\t'Always'
never\t'Never'"
complete -c cloakrun -n "__fish_cloakrun_needs_command" -s c -l config -d 'Configuration to use, instead of the cloakrun.yaml found upward from this directory' -r -F
complete -c cloakrun -n "__fish_cloakrun_needs_command" -s q -l quiet -d 'Say nothing besides the report, warnings and errors'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -s v -l verbose -d 'List every file that was read, however many there are'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -l no-config -d 'Use no configuration at all'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -s V -l version -d 'Print version'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -f -a "check" -d 'Check both sides, and say what will fail'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -f -a "audit" -d 'Check both sides, and say what will fail'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -f -a "accepts" -d 'Say whether a Keycloak would accept a redirect URI for a client, and why or why not'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -f -a "audience" -d 'Say which audiences the tokens of a client carry, and through which mapper'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -f -a "links" -d 'Show which service talks through which client, and the clues'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -f -a "doctor" -d 'Say as whom both sides are asked, what may be read, and what is missing for which rule'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -f -a "snapshot" -d 'Write what both sides answer into a folder, without secrets, for `check` to read again'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -f -a "rules" -d 'List the rules'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -f -a "explain" -d 'Explain a rule: what breaks for whom, and what to do'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -f -a "schema" -d 'Print the JSON Schema of the report, of a plan or of the configuration'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c cloakrun -n "__fish_cloakrun_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -s f -l format -d 'Format of the report' -r -f -a "table\t'A table for people, with the values to copy below each row'
full\t'Source lines quoted, both sides one below the other'
concise\t'One line per finding: path:line:col: severity[rule] message'
json\t'JSON, described by `cloakrun schema report`'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -s o -l output -d 'Write the report to FILE instead of standard output' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l report -d 'Write the report in another format to a file as well; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l fail-on -d 'Lowest severity of a finding that makes the run fail' -r -f -a "error\t'Errors'
warning\t'Errors and warnings'
info\t'Every finding'
never\t'None'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l min-severity -d 'Leave out findings below this severity; they then count for nothing' -r -f -a "error\t'Errors'
warning\t'Errors and warnings'
info\t'Everything'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l rule -d 'Only these rules, also those that are off by default; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l skip-rule -d 'Not these rules; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l client -d 'Only what is about this client; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l service -d 'Only what is about this service; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l realm -d 'Only what is about this realm; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l keycloak-version -d 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l keycloak-url -l server -d 'Read the Keycloak at this base URL, with `/auth` where it has that' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l keycloak-login-realm -d 'Realm to log in to [default: master]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l keycloak-client-id -d 'Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l keycloak-user -d 'User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l keycloak-client-secret-file -d 'File that holds the client\'s secret' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l keycloak-token-file -d 'File that holds an access token to use as it is' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l keycloak-key-file -d 'File that holds the private key (PEM) with which the client signs its login' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l keycloak-ca-file -d 'File of certificates (PEM) to believe besides those of the system' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l project -d 'Read the Cloud Run services of this Google Cloud project; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l region -d 'Only this region; may be repeated [default: all that the project uses]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l impersonate-service-account -d 'Act as this service account' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l timeout -d 'How long one request may take [default: 30s]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l concurrency -d 'Requests to Keycloak under way at once [default: 8]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb says no; CLICOLOR_FORCE and FORCE_COLOR say yes'
always\t'Always'
never\t'Never'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -s c -l config -d 'Configuration to use, instead of the cloakrun.yaml found upward from this directory' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l allow-partial -d 'Let the run succeed although something could not be looked at'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l show-suppressed -d 'Show what waivers accept, with their reasons'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l read-secrets -d 'Read the payloads of secrets, to compare them with those of clients; they stay in memory'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l allow-http -d 'Send tokens over plain http to other machines too'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l no-progress -d 'Show no progress'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -s q -l quiet -d 'Say nothing besides the report, warnings and errors'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -s v -l verbose -d 'List every file that was read, however many there are'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -l no-config -d 'Use no configuration at all'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -s f -l format -d 'Format of the report' -r -f -a "table\t'A table for people, with the values to copy below each row'
full\t'Source lines quoted, both sides one below the other'
concise\t'One line per finding: path:line:col: severity[rule] message'
json\t'JSON, described by `cloakrun schema report`'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -s o -l output -d 'Write the report to FILE instead of standard output' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l report -d 'Write the report in another format to a file as well; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l fail-on -d 'Lowest severity of a finding that makes the run fail' -r -f -a "error\t'Errors'
warning\t'Errors and warnings'
info\t'Every finding'
never\t'None'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l min-severity -d 'Leave out findings below this severity; they then count for nothing' -r -f -a "error\t'Errors'
warning\t'Errors and warnings'
info\t'Everything'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l rule -d 'Only these rules, also those that are off by default; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l skip-rule -d 'Not these rules; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l client -d 'Only what is about this client; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l service -d 'Only what is about this service; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l realm -d 'Only what is about this realm; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l keycloak-version -d 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l keycloak-url -l server -d 'Read the Keycloak at this base URL, with `/auth` where it has that' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l keycloak-login-realm -d 'Realm to log in to [default: master]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l keycloak-client-id -d 'Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l keycloak-user -d 'User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l keycloak-client-secret-file -d 'File that holds the client\'s secret' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l keycloak-token-file -d 'File that holds an access token to use as it is' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l keycloak-key-file -d 'File that holds the private key (PEM) with which the client signs its login' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l keycloak-ca-file -d 'File of certificates (PEM) to believe besides those of the system' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l project -d 'Read the Cloud Run services of this Google Cloud project; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l region -d 'Only this region; may be repeated [default: all that the project uses]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l impersonate-service-account -d 'Act as this service account' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l timeout -d 'How long one request may take [default: 30s]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l concurrency -d 'Requests to Keycloak under way at once [default: 8]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb says no; CLICOLOR_FORCE and FORCE_COLOR say yes'
always\t'Always'
never\t'Never'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -s c -l config -d 'Configuration to use, instead of the cloakrun.yaml found upward from this directory' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l allow-partial -d 'Let the run succeed although something could not be looked at'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l show-suppressed -d 'Show what waivers accept, with their reasons'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l read-secrets -d 'Read the payloads of secrets, to compare them with those of clients; they stay in memory'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l allow-http -d 'Send tokens over plain http to other machines too'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l no-progress -d 'Show no progress'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -s q -l quiet -d 'Say nothing besides the report, warnings and errors'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -s v -l verbose -d 'List every file that was read, however many there are'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -l no-config -d 'Use no configuration at all'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l kind -d 'What the URI is' -r -f -a "redirect\t'Where a login comes back to'
post-logout\t'Where a logout ends'
web-origin\t'The origin of a page that calls Keycloak from the browser'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l batch -d 'Answer questions from a file of JSON Lines; `-` for standard input' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l realm -d 'The realm, where several have a client of this id' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -s f -l format -d 'Format of the answer' -r -f -a "table\t'For people'
json\t'JSON'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l keycloak-version -d 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l keycloak-url -l server -d 'Read the Keycloak at this base URL, with `/auth` where it has that' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l keycloak-login-realm -d 'Realm to log in to [default: master]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l keycloak-client-id -d 'Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l keycloak-user -d 'User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l keycloak-client-secret-file -d 'File that holds the client\'s secret' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l keycloak-token-file -d 'File that holds an access token to use as it is' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l keycloak-key-file -d 'File that holds the private key (PEM) with which the client signs its login' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l keycloak-ca-file -d 'File of certificates (PEM) to believe besides those of the system' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l project -d 'Read the Cloud Run services of this Google Cloud project; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l region -d 'Only this region; may be repeated [default: all that the project uses]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l impersonate-service-account -d 'Act as this service account' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l timeout -d 'How long one request may take [default: 30s]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l concurrency -d 'Requests to Keycloak under way at once [default: 8]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb says no; CLICOLOR_FORCE and FORCE_COLOR say yes'
always\t'Always'
never\t'Never'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -s c -l config -d 'Configuration to use, instead of the cloakrun.yaml found upward from this directory' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l read-secrets -d 'Read the payloads of secrets, to compare them with those of clients; they stay in memory'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l allow-http -d 'Send tokens over plain http to other machines too'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l no-progress -d 'Show no progress'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -s q -l quiet -d 'Say nothing besides the report, warnings and errors'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -s v -l verbose -d 'List every file that was read, however many there are'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -l no-config -d 'Use no configuration at all'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand accepts" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l scope -d 'An optional scope that is asked for besides `openid`; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l user -d 'The user who logs in, by login name; without it a user with the default roles only' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l realm -d 'The realm, where several have a client of this id' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -s f -l format -d 'Format of the answer' -r -f -a "table\t'For people'
json\t'JSON'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l keycloak-version -d 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l keycloak-url -l server -d 'Read the Keycloak at this base URL, with `/auth` where it has that' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l keycloak-login-realm -d 'Realm to log in to [default: master]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l keycloak-client-id -d 'Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l keycloak-user -d 'User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l keycloak-client-secret-file -d 'File that holds the client\'s secret' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l keycloak-token-file -d 'File that holds an access token to use as it is' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l keycloak-key-file -d 'File that holds the private key (PEM) with which the client signs its login' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l keycloak-ca-file -d 'File of certificates (PEM) to believe besides those of the system' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l project -d 'Read the Cloud Run services of this Google Cloud project; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l region -d 'Only this region; may be repeated [default: all that the project uses]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l impersonate-service-account -d 'Act as this service account' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l timeout -d 'How long one request may take [default: 30s]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l concurrency -d 'Requests to Keycloak under way at once [default: 8]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb says no; CLICOLOR_FORCE and FORCE_COLOR say yes'
always\t'Always'
never\t'Never'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -s c -l config -d 'Configuration to use, instead of the cloakrun.yaml found upward from this directory' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l service-account -d 'The token that the client gets for itself (client credentials)'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l read-secrets -d 'Read the payloads of secrets, to compare them with those of clients; they stay in memory'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l allow-http -d 'Send tokens over plain http to other machines too'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l no-progress -d 'Show no progress'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -s q -l quiet -d 'Say nothing besides the report, warnings and errors'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -s v -l verbose -d 'List every file that was read, however many there are'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -l no-config -d 'Use no configuration at all'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand audience" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l client -d 'Only what is about this client; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l service -d 'Only what is about this service; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l realm -d 'Only what is about this realm; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l keycloak-version -d 'Version of the Keycloak server, such as 26.7.3; beats what files and configuration say' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l keycloak-url -l server -d 'Read the Keycloak at this base URL, with `/auth` where it has that' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l keycloak-login-realm -d 'Realm to log in to [default: master]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l keycloak-client-id -d 'Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l keycloak-user -d 'User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l keycloak-client-secret-file -d 'File that holds the client\'s secret' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l keycloak-token-file -d 'File that holds an access token to use as it is' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l keycloak-key-file -d 'File that holds the private key (PEM) with which the client signs its login' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l keycloak-ca-file -d 'File of certificates (PEM) to believe besides those of the system' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l project -d 'Read the Cloud Run services of this Google Cloud project; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l region -d 'Only this region; may be repeated [default: all that the project uses]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l impersonate-service-account -d 'Act as this service account' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l timeout -d 'How long one request may take [default: 30s]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l concurrency -d 'Requests to Keycloak under way at once [default: 8]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -s f -l format -d 'Format of the answer' -r -f -a "table\t'For people'
json\t'JSON'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb says no; CLICOLOR_FORCE and FORCE_COLOR say yes'
always\t'Always'
never\t'Never'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -s c -l config -d 'Configuration to use, instead of the cloakrun.yaml found upward from this directory' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l read-secrets -d 'Read the payloads of secrets, to compare them with those of clients; they stay in memory'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l allow-http -d 'Send tokens over plain http to other machines too'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l no-progress -d 'Show no progress'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -s q -l quiet -d 'Say nothing besides the report, warnings and errors'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -s v -l verbose -d 'List every file that was read, however many there are'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -l no-config -d 'Use no configuration at all'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand links" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l realm -d 'Only this realm; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -s f -l format -d 'Format of the answer' -r -f -a "table\t'For people'
json\t'JSON'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l keycloak-url -l server -d 'Read the Keycloak at this base URL, with `/auth` where it has that' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l keycloak-login-realm -d 'Realm to log in to [default: master]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l keycloak-client-id -d 'Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l keycloak-user -d 'User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l keycloak-client-secret-file -d 'File that holds the client\'s secret' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l keycloak-token-file -d 'File that holds an access token to use as it is' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l keycloak-key-file -d 'File that holds the private key (PEM) with which the client signs its login' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l keycloak-ca-file -d 'File of certificates (PEM) to believe besides those of the system' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l project -d 'Read the Cloud Run services of this Google Cloud project; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l region -d 'Only this region; may be repeated [default: all that the project uses]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l impersonate-service-account -d 'Act as this service account' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l timeout -d 'How long one request may take [default: 30s]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l concurrency -d 'Requests to Keycloak under way at once [default: 8]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb says no; CLICOLOR_FORCE and FORCE_COLOR say yes'
always\t'Always'
never\t'Never'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -s c -l config -d 'Configuration to use, instead of the cloakrun.yaml found upward from this directory' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l read-secrets -d 'Read the payloads of secrets, to compare them with those of clients; they stay in memory'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l allow-http -d 'Send tokens over plain http to other machines too'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l no-progress -d 'Show no progress'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -s q -l quiet -d 'Say nothing besides the report, warnings and errors'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -s v -l verbose -d 'List every file that was read, however many there are'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -l no-config -d 'Use no configuration at all'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l realm -d 'Only this realm; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l key-file -d 'File with the key that makes the tags, made when there is none [default: snapshot.key in the state directory]' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l keycloak-url -l server -d 'Read the Keycloak at this base URL, with `/auth` where it has that' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l keycloak-login-realm -d 'Realm to log in to [default: master]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l keycloak-client-id -d 'Client to log in as [default: admin-cli, with a user]; its secret comes from the environment or a file' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l keycloak-user -d 'User to log in as; the password comes from CLOAKRUN_KEYCLOAK_PASSWORD, or is asked for on a terminal' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l keycloak-client-secret-file -d 'File that holds the client\'s secret' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l keycloak-token-file -d 'File that holds an access token to use as it is' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l keycloak-key-file -d 'File that holds the private key (PEM) with which the client signs its login' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l keycloak-ca-file -d 'File of certificates (PEM) to believe besides those of the system' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l project -d 'Read the Cloud Run services of this Google Cloud project; may be repeated' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l region -d 'Only this region; may be repeated [default: all that the project uses]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l impersonate-service-account -d 'Act as this service account' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l timeout -d 'How long one request may take [default: 30s]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l concurrency -d 'Requests to Keycloak under way at once [default: 8]' -r
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb says no; CLICOLOR_FORCE and FORCE_COLOR say yes'
always\t'Always'
never\t'Never'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -s c -l config -d 'Configuration to use, instead of the cloakrun.yaml found upward from this directory' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l allow-partial -d 'Succeed although something could not be read'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l read-secrets -d 'Read the payloads of secrets, to compare them with those of clients; they stay in memory'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l allow-http -d 'Send tokens over plain http to other machines too'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l no-progress -d 'Show no progress'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -s q -l quiet -d 'Say nothing besides the report, warnings and errors'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -s v -l verbose -d 'List every file that was read, however many there are'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -l no-config -d 'Use no configuration at all'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand snapshot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand rules" -s f -l format -d 'Format of the list' -r -f -a "table\t'For people'
json\t'JSON'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand rules" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb says no; CLICOLOR_FORCE and FORCE_COLOR say yes'
always\t'Always'
never\t'Never'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand rules" -s c -l config -d 'Configuration to use, instead of the cloakrun.yaml found upward from this directory' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand rules" -s q -l quiet -d 'Say nothing besides the report, warnings and errors'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand rules" -s v -l verbose -d 'List every file that was read, however many there are'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand rules" -l no-config -d 'Use no configuration at all'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand rules" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand explain" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb says no; CLICOLOR_FORCE and FORCE_COLOR say yes'
always\t'Always'
never\t'Never'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand explain" -s c -l config -d 'Configuration to use, instead of the cloakrun.yaml found upward from this directory' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand explain" -s q -l quiet -d 'Say nothing besides the report, warnings and errors'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand explain" -s v -l verbose -d 'List every file that was read, however many there are'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand explain" -l no-config -d 'Use no configuration at all'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand schema" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb says no; CLICOLOR_FORCE and FORCE_COLOR say yes'
always\t'Always'
never\t'Never'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand schema" -s c -l config -d 'Configuration to use, instead of the cloakrun.yaml found upward from this directory' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand schema" -s q -l quiet -d 'Say nothing besides the report, warnings and errors'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand schema" -s v -l verbose -d 'List every file that was read, however many there are'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand schema" -l no-config -d 'Use no configuration at all'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand completions" -l color -d 'When to use colours' -r -f -a "auto\t'On a terminal, unless NO_COLOR, CLICOLOR=0 or TERM=dumb says no; CLICOLOR_FORCE and FORCE_COLOR say yes'
always\t'Always'
never\t'Never'"
complete -c cloakrun -n "__fish_cloakrun_using_subcommand completions" -s c -l config -d 'Configuration to use, instead of the cloakrun.yaml found upward from this directory' -r -F
complete -c cloakrun -n "__fish_cloakrun_using_subcommand completions" -s q -l quiet -d 'Say nothing besides the report, warnings and errors'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand completions" -s v -l verbose -d 'List every file that was read, however many there are'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand completions" -l no-config -d 'Use no configuration at all'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand help; and not __fish_seen_subcommand_from check accepts audience links doctor snapshot rules explain schema completions help" -f -a "check" -d 'Check both sides, and say what will fail'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand help; and not __fish_seen_subcommand_from check accepts audience links doctor snapshot rules explain schema completions help" -f -a "accepts" -d 'Say whether a Keycloak would accept a redirect URI for a client, and why or why not'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand help; and not __fish_seen_subcommand_from check accepts audience links doctor snapshot rules explain schema completions help" -f -a "audience" -d 'Say which audiences the tokens of a client carry, and through which mapper'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand help; and not __fish_seen_subcommand_from check accepts audience links doctor snapshot rules explain schema completions help" -f -a "links" -d 'Show which service talks through which client, and the clues'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand help; and not __fish_seen_subcommand_from check accepts audience links doctor snapshot rules explain schema completions help" -f -a "doctor" -d 'Say as whom both sides are asked, what may be read, and what is missing for which rule'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand help; and not __fish_seen_subcommand_from check accepts audience links doctor snapshot rules explain schema completions help" -f -a "snapshot" -d 'Write what both sides answer into a folder, without secrets, for `check` to read again'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand help; and not __fish_seen_subcommand_from check accepts audience links doctor snapshot rules explain schema completions help" -f -a "rules" -d 'List the rules'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand help; and not __fish_seen_subcommand_from check accepts audience links doctor snapshot rules explain schema completions help" -f -a "explain" -d 'Explain a rule: what breaks for whom, and what to do'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand help; and not __fish_seen_subcommand_from check accepts audience links doctor snapshot rules explain schema completions help" -f -a "schema" -d 'Print the JSON Schema of the report, of a plan or of the configuration'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand help; and not __fish_seen_subcommand_from check accepts audience links doctor snapshot rules explain schema completions help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c cloakrun -n "__fish_cloakrun_using_subcommand help; and not __fish_seen_subcommand_from check accepts audience links doctor snapshot rules explain schema completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
